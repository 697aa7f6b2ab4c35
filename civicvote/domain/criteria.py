"""The criteria form of a feasibility review, the cost by class, and what a verdict needs before it may be published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg
from civicvote.domain.text import clean_line, clean_text


class Criterion(StrEnum):
    """What a department looks at."""

    JURISDICTION = "jurisdiction"
    LEGALITY = "legality"
    COST = "cost"
    DURATION = "duration"
    DUPLICATION = "duplication"
    BENEFIT = "benefit"


class Answer(StrEnum):
    """How a criterion is met. For every criterion `yes` speaks for the project."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Question:
    """A criterion in words: its name, what is asked, and what to look at."""

    label: Message
    text: Message
    guide: Message


QUESTIONS: dict[Criterion, Question] = {
    Criterion.JURISDICTION: Question(
        msg("소관"),
        msg("서울시가 할 수 있는 일입니까?"),
        msg("국가나 자치구, 민간의 일이면 ‘아니요’를 고르고 어디 소관인지 적습니다."),
    ),
    Criterion.LEGALITY: Question(
        msg("적법성"),
        msg("법령과 조례에 맞습니까?"),
        msg("근거가 되는 법령과 조례, 어긋나는 조항이 있으면 함께 적습니다."),
    ),
    Criterion.COST: Question(
        msg("사업비"),
        msg("사업비가 현실적이고 분야 예산 안에 있습니까?"),
        msg("아래 사업비 내역과 첫해에 드는 금액을 적습니다."),
    ),
    Criterion.DURATION: Question(
        msg("사업기간"),
        msg("예산연도 안에 마칠 수 있습니까?"),
        msg("인허가, 설계, 계약에 걸리는 기간을 따져 적습니다."),
    ),
    Criterion.DUPLICATION: Question(
        msg("중복성"),
        msg("이미 하고 있거나 예정된 사업과 겹치지 않습니까?"),
        msg("비슷한 사업이 있으면 사업 이름과 담당 부서를 적습니다."),
    ),
    Criterion.BENEFIT: Question(
        msg("효과"),
        msg("많은 시민에게 도움이 됩니까?"),
        msg("누가 얼마나 혜택을 받는지, 유지관리는 누가 하는지 적습니다."),
    ),
}

ANSWERS: dict[Answer, Message] = {
    Answer.YES: msg("예"),
    Answer.PARTLY: msg("일부"),
    Answer.NO: msg("아니요"),
}

#: Cost classes of the city's budget, as stored.
COST_CLASSES: dict[str, Message] = {
    "programme": msg("사업비"),
    "staff": msg("인건비"),
    "operation": msg("운영비"),
}

VERDICTS: dict[str, Message] = {"accept": msg("적격"), "refuse": msg("부적격")}
MAX_LINES = 40
MOST_WON = 100_000_000_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """A line of the cost: class, what for, whole won."""

    kind: str
    label: str
    amount_won: int


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one criterion; None while undecided."""

    answer: Answer | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """A filled-in review, finished or not. `first_year_won`: what the first year costs, None if not yet said."""

    answers: Mapping[Criterion, Finding]
    costs: Sequence[Cost] = ()
    first_year_won: int | None = None

    @property
    def total_won(self) -> int:
        """The cost of the project, won."""
        return sum(line.amount_won for line in self.costs)

    def by_class(self) -> dict[str, int]:
        """Won per cost class, classes without a line left out."""
        return {
            kind: total
            for kind in COST_CLASSES
            if (total := sum(line.amount_won for line in self.costs if line.kind == kind))
        }

    def missing(self) -> list[Criterion]:
        """Criteria without an answer."""
        return [c for c in Criterion if c not in self.answers or self.answers[c].answer is None]

    def to_json(self) -> dict[str, Any]:
        """As a review keeps it."""
        found: dict[str, Any] = {
            str(criterion): {"answer": str(finding.answer) if finding.answer else None, "note": finding.note}
            for criterion, finding in self.answers.items()
        }
        found["costs"] = [[line.kind, line.label, line.amount_won] for line in self.costs]
        found["first_year_won"] = self.first_year_won
        return found

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Findings":
        """Read what `to_json` wrote; an empty mapping is an untouched form."""
        answers = {}
        for criterion in Criterion:
            row = stored.get(criterion, {})
            answers[criterion] = Finding(Answer(row["answer"]) if row.get("answer") else None, row.get("note", ""))
        return cls(answers, tuple(Cost(*line) for line in stored.get("costs", ())), stored.get("first_year_won"))


def check_draft(findings: Findings) -> None:
    """InvalidError for what cannot even be kept: texts too long, amounts that are none."""
    for criterion, finding in findings.answers.items():
        clean_text(finding.note, maximum=1000, field=f"{criterion}_note")
    if len(findings.costs) > MAX_LINES:
        raise InvalidError(msg("사업비 내역은 %(n)s줄까지 적을 수 있습니다.", n=MAX_LINES), field="costs")
    for line in findings.costs:
        if line.kind not in COST_CLASSES:
            raise InvalidError(msg("사업비 구분을 골라 주십시오."), field="costs")
        clean_line(line.label, minimum=1, maximum=120, field="costs")
        if not 1 <= line.amount_won <= MOST_WON:
            raise InvalidError(msg("사업비 내역의 금액은 1원 이상이어야 합니다."), field="costs")
    if findings.first_year_won is not None and not 0 <= findings.first_year_won <= MOST_WON:
        raise InvalidError(msg("첫해 사업비는 0원 이상이어야 합니다."), field="first_year_won")


def check_verdict(findings: Findings, verdict: str, *, pool_won: int) -> None:
    """InvalidError unless the review is complete enough for `verdict` ("accept" or "refuse"). `pool_won`: the pool's amount."""
    check_draft(findings)
    if verdict not in VERDICTS:
        raise InvalidError(msg("적격 또는 부적격을 골라 주십시오."), field="verdict")
    if missing := findings.missing():
        raise InvalidError(
            msg("검토 항목 %(n)s개에 아직 답하지 않았습니다.", n=len(missing)), field=f"{missing[0]}_answer"
        )
    if verdict == "accept":
        _check_acceptable(findings, pool_won)


def _check_acceptable(findings: Findings, pool_won: int) -> None:
    total = findings.total_won
    if total <= 0:
        raise InvalidError(msg("적격으로 판정하려면 사업비 내역을 한 줄 이상 적어야 합니다."), field="costs")
    if total > pool_won:
        raise InvalidError(
            msg(
                "사업비 %(cost)s원이 이 분야의 예산 %(pool)s원보다 많습니다. 내역을 줄이거나 부적격으로 판정해 주십시오.",
                cost=f"{total:,}",
                pool=f"{pool_won:,}",
            ),
            field="costs",
        )
    if findings.first_year_won is None:
        raise InvalidError(msg("첫해에 드는 금액을 적어 주십시오."), field="first_year_won")
    if findings.first_year_won > total:
        raise InvalidError(msg("첫해 사업비가 전체 사업비보다 클 수 없습니다."), field="first_year_won")
    for criterion in (Criterion.JURISDICTION, Criterion.LEGALITY):
        if findings.answers[criterion].answer is Answer.NO:
            raise InvalidError(
                msg(
                    "‘%(criterion)s’ 항목이 ‘아니요’이면 적격으로 판정할 수 없습니다.",
                    criterion=QUESTIONS[criterion].label,
                ),
                field=f"{criterion}_answer",
            )
