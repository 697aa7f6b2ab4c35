"""A round's moderators at work: who has spoken by group, what waits, interim summaries, a word to everybody who took part."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain import districts
from civicvote.domain.korean import seoul_date
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor
from civicvote.domain.text import clean_line, clean_text, refuse_resident_number
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.models.deliberation import Forum, Round, RoundParticipant, RoundSummary
from civicvote.models.verification import Person
from civicvote.services import audit, clock, notices
from civicvote.services.deliberation import access
from civicvote.services.discussion import threads
from civicvote.services.upsert import insert_new

#: Fewer people than this are never shown as a group.
SMALLEST = 5
SUMMARY_MIN, SUMMARY_MAX = 10, 4000
WORD_MIN, WORD_MAX = 5, 300
_BANDS = (20, 30, 40, 50, 60, 70)


@dataclass(frozen=True, slots=True)
class Share:
    """People of a group who took part. `people` is None where they are too few to be shown."""

    name: str
    people: int | None


@dataclass(frozen=True, slots=True)
class Participation:
    """Who has spoken, by age band, sex and district; never by name. `unknown`: without verified data."""

    people: int
    by_age: Sequence[Share]
    by_sex: Sequence[Share]
    by_district: Sequence[Share]
    unknown: int | None


def _band(age: int) -> str:
    for limit in _BANDS:
        if age < limit:
            return f"{limit - 10}" if limit > _BANDS[0] else "-19"
    return "70+"


def folded(counts: Counter[str]) -> list[Share]:
    """Groups by name; small ones are withheld, and one more with them where a single one would follow from the total."""
    shown = {name: (people if people >= SMALLEST else None) for name, people in counts.items() if people}
    withheld = [name for name, people in shown.items() if people is None]
    if len(withheld) == 1 and len(shown) > 1:
        least = min((name for name in shown if shown[name] is not None), key=lambda name: (counts[name], name))
        shown[least] = None
    return [Share(name, people) for name, people in sorted(shown.items())]


def participation(session: Session, actor: Actor, round_id: UUID) -> Participation:
    """Who took part in a round, by group; for its moderators."""
    found, held = access.round_of(session, actor, round_id)
    access.require_moderator(session, actor, held.id)
    rows = session.execute(
        select(Person.birth_year, Person.sex, Person.district)
        .select_from(RoundParticipant)
        .join(User, User.id == RoundParticipant.user_id)
        .outerjoin(Person, Person.id == User.person_id)
        .where(RoundParticipant.round_id == found.id)
    ).all()
    year = seoul_date(clock.now()).year
    ages = Counter(_band(year - born) for born, _sex, _district in rows if born)
    sexes = Counter(sex for _born, sex, _district in rows if sex)
    places = Counter(district for _born, _sex, district in rows if district and districts.is_district(district))
    unknown = sum(1 for born, sex, district in rows if not (born or sex or district))
    return Participation(
        people=len(rows),
        by_age=folded(ages),
        by_sex=folded(sexes),
        by_district=folded(places),
        unknown=unknown if unknown == 0 or unknown >= SMALLEST else None,
    )


def _round(session: Session, actor: Actor, round_id: UUID) -> tuple[Round, Forum]:
    found, held = access.round_of(session, actor, round_id)
    access.require_moderator(session, actor, held.id)
    return found, held


def desk(session: Session, actor: Actor, round_id: UUID) -> tuple[Round, Forum]:
    """The round for its moderators; ForbiddenError for others."""
    return _round(session, actor, round_id)


def summarise(session: Session, actor: Actor, round_id: UUID, *, text: str, form_key: UUID) -> None:
    """Publish an interim summary (Markdown); the same form twice is one."""
    found, _held = _round(session, actor, round_id)
    words = clean_text(text, minimum=SUMMARY_MIN, maximum=SUMMARY_MAX, field="text")
    refuse_resident_number(words, field="text")
    row = {
        "id": new_id(), "round_id": found.id, "text": words, "by": actor.id, "at": clock.now(), "form_key": form_key,
    }  # fmt: skip
    if insert_new(session, RoundSummary, [row]):
        audit.record(session, actor, "round:summarise", found)
        threads.touch(session, found.id)


def announce(session: Session, actor: Actor, round_id: UUID, *, text: str, form_key: UUID) -> int:
    """Tell everybody who took part in the round something; returns how many. The same form twice tells once."""
    found, held = _round(session, actor, round_id)
    words = clean_line(text, minimum=WORD_MIN, maximum=WORD_MAX, field="text")
    refuse_resident_number(words, field="text")
    told = notices.tell(
        session,
        NoticeKind.ANNOUNCEMENT,
        about=f"{found.id}|{form_key}",
        to=select(RoundParticipant.user_id).where(RoundParticipant.round_id == found.id),
        but=actor.id,
        path=f"/rounds/{found.id}",
        title=held.title,
        text=words,
    )
    audit.record(session, actor, "round:announce", found, people=told)
    return told
