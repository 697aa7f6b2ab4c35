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


_SENTENCES: dict[Code, Message] = {
    Code.WITHDRAWN: msg("제안이 철회되었거나 집계에서 제외된 사업입니다."),
    Code.NO_SUPPORT: msg("이 사업에 투표한 사람이 없습니다."),
    Code.BELOW_THRESHOLD: msg("%(votes)s표를 얻어 최소 득표 %(threshold)s표에 미치지 못했습니다."),
    Code.TOO_EXPENSIVE: msg("사업비(%(cost)s)가 전체 예산(%(budget)s)보다 큽니다."),
    Code.NO_MONEY_LEFT: msg(
        "%(votes)s표를 얻었으나, 차례가 왔을 때 남은 예산(%(left)s)이 사업비(%(cost)s)보다 적었습니다."
    ),
    Code.SUPPORTERS_SPENT: msg(
        "지지자 %(supporters)s명에게 남은 몫의 합(%(held)s)이 사업비(%(cost)s)에 미치지 못합니다."
    ),
    Code.EXCLUDED_BY: msg("함께 시행할 수 없는 사업(%(by)s)이 먼저 선정되었습니다."),
    Code.AFTER_STOP: msg(
        "앞 순위 사업(%(stopped)s)의 사업비가 남은 예산(%(left)s)보다 커서 그 자리에서 선정이 끝났습니다."
    ),
}
_MONEY = {"cost", "budget", "left", "held"}


def _shown(name: str, value: Fact, money: Money) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return money(value) if name in _MONEY else grouped(value)


def explain(reason: Reason, money: Money = grouped) -> Message:
    """Why the project is out. `money` writes amounts (say, `format_won_exact`); without it they have no unit."""
    sentence = _SENTENCES[reason.code]
    return Message(sentence.text, {name: _shown(name, value, money) for name, value in reason.facts.items()})


def explain_step(step: Step, place: int, money: Money = grouped) -> Message:
    """Why the project is in; `place` is its place in the order of selection, from 1."""
    facts = {"place": place, "votes": grouped(step.score), "left": money(step.left)}
    if step.paid < step.cost:
        text = msg(
            "%(place)s번째로 선정되었습니다. 득표 %(votes)s. 사업비의 80%% 이상이 남아 남은 예산 전액으로 시행합니다."
        )
        return Message(text.text, facts)
    if step.price is None:
        return Message(msg("%(place)s번째로 선정되었습니다. 득표 %(votes)s, 선정 후 남은 예산 %(left)s.").text, facts)
    facts |= {"price": money(_rounded(step.price)), "emptied": grouped(step.emptied)}
    text = msg(
        "%(place)s번째로 선정되었습니다. 득표 %(votes)s, 한 사람의 부담 %(price)s, 몫을 모두 쓴 지지자 %(emptied)s명."
    )
    return Message(text.text, facts)


def _rounded(value: Fraction) -> Amount:
    """To whole units from 10 up, to two places below."""
    return round(value) if value >= 10 else Fraction(round(value * 100), 100)
