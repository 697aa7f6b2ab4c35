"""Why a project is in or out, as a sentence for people."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from civicvote.domain.messages import Message, msg
from civicvote.domain.tally.election import Amount
from civicvote.domain.tally.outcome import Code, Fact, Reason, Step

Money = Callable[[Amount], str]


def grouped(value: Amount) -> str:
    """`1234567` → `1,234,567`; decimals to two places, rounded."""
    if value == int(value):
        return f"{int(value):,}"
    fraction = Fraction(value)
    return f"{(Decimal(fraction.numerator) / fraction.denominator).quantize(Decimal('0.01'), ROUND_HALF_UP):,}"


def percent(share: float | Fraction, *, floor: bool = False) -> str:
    """`0.945` → `94.5%`, `0.5` → `50%`: to a tenth, rounded or cut. 0% and 100% are said of nothing and all only."""
    tenths = int(share * 1000) if floor else int(Fraction(share) * 1000 + Fraction(1, 2))
    if 0 < share < 1:
        tenths = min(max(tenths, 1), 999)
    return f"{tenths / 10:g}%"


_SENTENCES: dict[Code, Message] = {
    Code.WITHDRAWN: msg("투표안건에서 제외된 사업이어서 집계하지 않았습니다."),
    Code.VOID: msg("투표자(%(voters)s명)가 최소 투표자 수(%(quorum)s명)에 미치지 못해 투표가 성립하지 않았습니다."),
    Code.NO_SUPPORT: msg("이 사업에 투표한 사람이 없습니다."),
    Code.BELOW_THRESHOLD: msg("%(votes)s표를 얻어 최소 득표 %(threshold)s표에 미치지 못했습니다."),
    Code.BELOW_SHARE: msg(
        "투표자 %(voters)s명 가운데 %(votes)s명의 지지를 얻어, 필요한 %(needed)s명에 미치지 못했습니다."
    ),
    Code.TOO_EXPENSIVE: msg("사업비(%(cost)s)가 쓸 수 있는 예산(%(budget)s)보다 큽니다."),
    Code.NO_MONEY_LEFT: msg(
        "%(votes)s표를 얻었으나, 차례가 왔을 때 남은 예산(%(left)s)이 사업비(%(cost)s)보다 적었습니다."
    ),
    Code.SUPPORTERS_SPENT: msg(
        "지지자 %(supporters)s명에게 남은 몫의 합(%(held)s)이 사업비(%(cost)s)에 미치지 못합니다."
    ),
    Code.EXCLUDED_BY: msg("함께 시행할 수 없는 사업(%(by)s)이 선정되었습니다."),
    Code.CAPPED: msg("같은 묶음(%(cap)s)에서는 %(most)s건까지만 선정할 수 있고, 그 수가 이미 찼습니다."),
    Code.AFTER_STOP: msg(
        "앞 순위 사업(%(stopped)s)의 사업비가 남은 예산(%(left)s)보다 커서 그 자리에서 선정이 끝났습니다."
    ),
    Code.NOT_IN_BEST: msg(
        "이 사업을 넣어 고르면 모두 합해 %(with_it)s표까지 얻을 수 있어, 선정된 사업들의 %(best)s표를 넘지 못합니다."
    ),
}
_POINTS: dict[Code, Message] = {
    Code.BELOW_THRESHOLD: msg("%(votes)s점을 얻어 최소 %(threshold)s점에 미치지 못했습니다."),
    Code.NO_MONEY_LEFT: msg(
        "%(votes)s점을 얻었으나, 차례가 왔을 때 남은 예산(%(left)s)이 사업비(%(cost)s)보다 적었습니다."
    ),
    Code.NOT_IN_BEST: msg(
        "이 사업을 넣어 고르면 모두 합해 %(with_it)s점까지 얻을 수 있어, 선정된 사업들의 %(best)s점을 넘지 못합니다."
    ),
}
_CAPPED_MONEY = msg(
    "같은 묶음(%(cap)s)에 쓸 수 있는 %(budget)s 가운데 남은 금액(%(left)s)이 사업비(%(cost)s)보다 적었습니다."
)
_MONEY = {"cost", "budget", "left", "held"}


def _shown(name: str, value: Fact, money: Money) -> str:
    if value is None or isinstance(value, str):
        return value or "–"
    return money(value) if name in _MONEY else grouped(value)


def explain(reason: Reason, money: Money = grouped) -> Message:
    """Why the project is out. `money` writes amounts (say, `format_won_exact`); without it they have no unit."""
    facts = reason.facts
    sentence = _SENTENCES[reason.code]
    if facts.get("unit") == "points":
        sentence = _POINTS.get(reason.code, sentence)
    if reason.code is Code.CAPPED:
        left, cost = facts.get("left"), facts.get("cost")
        short = isinstance(left, int | Fraction) and isinstance(cost, int | Fraction) and left < cost
        sentence = _CAPPED_MONEY if short else sentence
    return Message(sentence.text, {name: _shown(name, value, money) for name, value in facts.items()})


_STEPS = {
    "locked": msg("투표 없이 확정된 사업입니다. 선정 후 남은 예산 %(left)s."),
    "part": msg(
        "%(place)s번째로 선정되었습니다. 득표 %(votes)s. 사업비의 80%% 이상이 남아 남은 예산 전액으로 시행합니다."
    ),
    "rest": msg(
        "%(place)s번째로 선정되었습니다. 몫을 나누어 고른 뒤 남은 예산으로, 득표순에 따라 선정되었습니다. 득표 %(votes)s."
    ),
    "plain": msg("%(place)s번째로 선정되었습니다. 득표 %(votes)s, 선정 후 남은 예산 %(left)s."),
    "load": msg("%(place)s번째로 선정되었습니다. 득표 %(votes)s, 지지자 한 사람이 나누어 맡은 금액 %(price)s."),
    "price": msg(
        "%(place)s번째로 선정되었습니다. 득표 %(votes)s, 한 사람의 부담 %(price)s, 몫을 모두 쓴 지지자 %(emptied)s명."
    ),
    "points": msg(
        "%(place)s번째로 선정되었습니다. 득표 %(votes)s, 1점마다의 부담 %(price)s, 몫을 모두 쓴 지지자 %(emptied)s명."
    ),
}


def explain_step(step: Step, place: int, money: Money = grouped, *, load: bool = False) -> Message:
    """Why the project is in; `place` is its place in the order of selection, from 1. `load`: the rule is Phragmén's."""
    facts = {"place": place, "votes": grouped(step.votes), "left": money(step.left), "emptied": grouped(step.emptied)}
    if step.price is not None:
        facts["price"] = money(rounded(step.price))
    if step.locked:
        kind = "locked"
    elif step.paid < step.cost:
        kind = "part"
    elif step.completion:
        kind = "rest"
    elif step.price is None:
        kind = "plain"
    elif load:
        kind = "load"
    else:
        kind = "price" if step.score == step.votes else "points"  # a price per point
    return Message(_STEPS[kind].text, facts)


def rounded(value: Fraction) -> Amount:
    """To whole units from 10 up, to two places below."""
    return round(value) if value >= 10 else Fraction(round(value * 100), 100)
