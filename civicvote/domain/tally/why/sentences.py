"""The figures of `Why` as sentences for people."""

from collections.abc import Callable
from fractions import Fraction

from civicvote.domain.messages import Message, msg
from civicvote.domain.tally.election import Amount
from civicvote.domain.tally.explain import Money, grouped, rounded
from civicvote.domain.tally.why.figures import Basis, Why

Names = Callable[[str], str]


def figures(told: Why, money: Money = grouped, name: Names = str) -> list[Message]:
    """What stands behind the reason, and what would have changed it: at most five short sentences.

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
        share = f"{int(told.support * 1000) / 10:g}"  # rounded down: 99.96 % is not all
        sentences.append(msg("지지자들이 가장 많이 낼 수 있었던 때에도 사업비의 %(share)s%%까지였습니다.", share=share))
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
    if not facts:
        return []
    if len(facts) == 2:
        text = msg("지지자가 %(supporters)s명 더 있었거나 사업비가 %(cost)s 이하였다면 선정되었습니다.")
    elif told.cost is None:
        text = msg("지지자가 %(supporters)s명 더 있었다면 선정되었습니다.")
    else:
        text = msg("사업비가 %(cost)s 이하였다면 선정되었습니다.")
    sentences = [Message(text.text, facts)]
    if told.basis is Basis.ENDOWMENT:
        sentences.append(msg("마지막 계산에서 모두가 가진 몫을 그대로 두고 다시 계산한 값입니다."))
    if not told.confirmed:
        sentences.append(msg("다시 세어 확인한 값은 아니어서 실제와 조금 다를 수 있습니다."))
    return sentences
