"""Words and fixed choices of 시민제안: verdicts, kinds of mail, what a proposal may be about."""

from enum import StrEnum

from civicvote.domain.messages import Message, msg


class Verdict(StrEnum):
    """What the department says to a proposal."""

    ACCEPTED = "accepted"
    PARTLY = "partly"
    REFUSED = "refused"
    ALREADY = "already"
    ELSEWHERE = "elsewhere"


VERDICTS: dict[Verdict, Message] = {
    Verdict.ACCEPTED: msg("수용"),
    Verdict.PARTLY: msg("부분수용"),
    Verdict.REFUSED: msg("불수용"),
    Verdict.ALREADY: msg("기추진"),
    Verdict.ELSEWHERE: msg("타기관이송"),
}

VERDICT_TONES: dict[Verdict, str] = {
    Verdict.ACCEPTED: "success",
    Verdict.PARTLY: "success",
    Verdict.REFUSED: "danger",
    Verdict.ALREADY: "info",
    Verdict.ELSEWHERE: "neutral",
}

#: Verdicts that become a commitment followed to the end.
COMMITTING = frozenset({Verdict.ACCEPTED, Verdict.PARTLY})


class Triage(StrEnum):
    """Whether staff take it as a proposal or as a complaint (민원) for another desk."""

    PROPOSAL = "proposal"
    COMPLAINT = "complaint"


TRIAGES: dict[Triage, Message] = {Triage.PROPOSAL: msg("제안"), Triage.COMPLAINT: msg("민원")}
