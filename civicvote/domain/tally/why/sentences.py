"""The figures of `Why` as sentences for people."""

from collections.abc import Callable
from fractions import Fraction

from civicvote.domain.messages import Message, msg
from civicvote.domain.tally.election import Amount
from civicvote.domain.tally.explain import Money, grouped, percent, rounded
from civicvote.domain.tally.why.figures import Basis, Why

Names = Callable[[str], str]


def figures(told: Why, money: Money = grouped, name: Names = str) -> list[Message]:
    """What stands behind the reason, and what would have changed it: at most six short sentences.

    `money` writes amounts, `name` turns a project's id into its title.
    """
    return _winner(told, money) if told.code is None else [*_spent(told, money, name), *_changed(told, money)]


def _winner(told: Why, money: Money) -> list[Message]:
    if told.kept is None or not told.votes:
        return []
    each = rounded(Fraction(told.kept) / told.votes)
    return [
        msg(
            "이 사업을 선정한 뒤 지지자들에게 남은 몫은 모두 %(kept)s, 한 사람 평균 %(each)s입니다.",
            kept=money(told.kept),
            each=money(each),
        )
    ]


def _spent(told: Why, money: Money, name: Names) -> list[Message]:
    sentences = []
    if told.support is not None and told.support < 1:
        sentences.append(
            msg(
                "그때그때 선정된 사업만큼만 부담한다고 하면, 지지자들이 모을 수 있었던 돈은 많아야 사업비의 %(share)s였습니다.",
                share=percent(told.support, floor=True),  # what falls short must never look like enough
            )
        )
    if told.paid_for:
        project, paid = told.paid_for[0]
        sentences.append(
            msg(
                "지지자들의 몫은 다른 선정 사업에 먼저 쓰였습니다. 가장 많이 쓰인 곳은 %(project)s(%(paid)s)입니다.",
                project=name(project),
                paid=money(paid),
            )
        )
    return sentences


def _changed(told: Why, money: Money) -> list[Message]:
    facts: dict[str, Amount | str] = {}
    if told.supporters is not None:
        facts["supporters"] = grouped(told.supporters)
    if told.cost is not None:
        facts["cost"] = money(told.cost)
    if not facts and told.anew is None:
        return []
    texts = _ENDOWMENT if told.basis is Basis.ENDOWMENT else _COUNT
    sentences = [Message(texts[tuple(facts)].text, facts)] if facts else []
    if told.basis is Basis.ENDOWMENT:
        sentences += _anew(told, money) if facts else []
    sentences.append(_proof(told))
    return sentences


_COUNT = {
    ("supporters", "cost"): msg(
        "이 사업에만 투표한 사람이 %(supporters)s명 더 있었거나 사업비가 %(cost)s 이하였다면 선정되었습니다."
    ),
    ("supporters",): msg("이 사업에만 투표한 사람이 %(supporters)s명 더 있었다면 선정되었습니다."),
    ("cost",): msg("사업비가 %(cost)s 이하였다면 선정되었습니다."),
}
_ENDOWMENT = {
    ("supporters", "cost"): msg(
        "최종 배분액 기준: 이 사업에만 투표한 사람이 %(supporters)s명 더 있었거나 사업비가 %(cost)s 이하였다면 선정되었습니다."
    ),
    ("supporters",): msg("최종 배분액 기준: 이 사업에만 투표한 사람이 %(supporters)s명 더 있었다면 선정되었습니다."),
    ("cost",): msg("최종 배분액 기준: 사업비가 %(cost)s 이하였다면 선정되었습니다."),
}
_ANEW = {
    ("supporters", "below", "cost"): msg(
        "처음부터 다시 개표하면: 그런 사람이 %(supporters)s명 더 있거나 사업비가 %(cost)s이면 선정됩니다. "
        "%(below)s명으로는 선정되지 않습니다."
    ),
    ("supporters", "below"): msg(
        "처음부터 다시 개표하면: 그런 사람이 %(supporters)s명 더 있으면 선정되고, %(below)s명으로는 선정되지 않습니다."
    ),
    ("cost",): msg("처음부터 다시 개표하면: 사업비가 %(cost)s이면 선정됩니다."),
    (): msg("처음부터 다시 개표하면: 지지자를 늘리거나 사업비를 낮추어 선정되는 경우를 찾지 못했습니다."),
}


def _anew(told: Why, money: Money) -> list[Message]:
    """Beside the figures for the final endowment those of a whole new count, or that they may be others."""
    if told.anew is None:
        return [msg("처음부터 다시 개표하면 한 사람의 몫이 달라져 이 값과 다를 수 있습니다.")]
    facts: dict[str, Amount | str] = {}
    if told.anew.supporters is not None:
        facts |= {"supporters": grouped(told.anew.supporters), "below": grouped(told.anew.supporters - 1)}
    if told.anew.cost is not None:
        facts["cost"] = money(told.anew.cost)
    return [Message(_ANEW[tuple(facts)].text, facts)]


def _proof(told: Why) -> Message:
    if not told.confirmed:
        if told.anew is None:
            return msg("다시 계산해 확인한 값은 아니어서 실제와 조금 다를 수 있습니다.")
        return msg("처음부터 다시 개표한 값만 다시 계산해 확인했습니다.")
    if told.anew is None:
        return msg("다시 계산해 확인한 값입니다.")
    return msg("두 기준 모두 다시 계산해 확인했습니다.")
