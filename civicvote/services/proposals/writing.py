"""An author's work on a proposal: draft, change, publish, take back, improve on what was closed."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from civicvote.domain import districts, places
from civicvote.domain.discussion import ThreadKind
from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import PROPOSAL, ProposalState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_line, clean_text, refuse_resident_number
from civicvote.models.base import new_id
from civicvote.models.discussion import Watch
from civicvote.models.proposals import CoAuthor, Proposal
from civicvote.services import audit, clock, dated_settings, search, subjects
from civicvote.services.discussion import threads
from civicvote.services.locks import exclusive
from civicvote.services.projects.writing import CATEGORIES, PLACE_MAX
from civicvote.services.proposals import revisions
from civicvote.services.proposals.moves import advance, path, towards, visible
from civicvote.services.upsert import insert_new

TITLE_MIN, TITLE_MAX = 5, 80
TEXT_MIN, TEXT_MAX = 10, 5000
NOTE_MIN, NOTE_MAX = 2, 300
REASON_MAX = 1000

S = ProposalState
#: Drafts an account may have at a time.
MOST_DRAFTS = 50
#: States whose text its authors may still change: once a department reads it, it stands.
EDITABLE = frozenset({S.DRAFT, S.PUBLISHED, S.AWAITING_DEPARTMENT})
_SHUFFLES = 2**31

STALE = msg(
    "다른 화면에서 먼저 고친 내용이 있습니다. 쓰던 글은 아래에 그대로 있으니 지금 내용과 견주어 다시 저장해 주십시오."
)


@dataclass(frozen=True, slots=True)
class Content:
    """What an author writes, texts as typed. `map_x` and `map_y`: a point in `districts.VIEW_BOX`; both or neither."""

    title: str
    problem: str = ""
    idea: str = ""
    category: str = ""
    district: str = ""
    place: str = ""
    map_x: int | None = None
    map_y: int | None = None


def _line(value: str, field: str, *, minimum: int = 0, maximum: int) -> str:
    text = clean_line(value, minimum=minimum, maximum=maximum, field=field)
    refuse_resident_number(text, field=field)
    return text


def _text(value: str, field: str, *, minimum: int = 0, maximum: int = TEXT_MAX) -> str:
    text = clean_text(value, minimum=minimum, maximum=maximum, field=field)
    refuse_resident_number(text, field=field)
    return text


def _where(content: Content) -> tuple[str | None, int | None, int | None]:
    """District and point, which must agree; a point alone names its district."""
    if content.district and not districts.is_district(content.district):
        raise InvalidError(msg("없는 자치구입니다. 목록에서 골라 주십시오."), field="district")
    if content.map_x is None or content.map_y is None:
        return content.district or None, None, None
    found = places.district_at(content.map_x, content.map_y)
    if found is None:
        raise InvalidError(
            msg("지도에 표시한 지점이 서울 밖에 있습니다. 다시 표시하거나 지워 주십시오."), field="district"
        )
    if content.district and content.district != found:
        raise InvalidError(
            msg(
                "지도에 표시한 지점은 %(district)s에 있습니다. 자치구를 맞추거나 지점을 지워 주십시오.",
                district=districts.name_of(found),
            ),
            field="district",
        )
    return found, content.map_x, content.map_y


def _values(content: Content, *, whole: bool) -> dict[str, object]:
    """The columns of what the author wrote, clean. `whole`: long enough to be public; a draft may be a title alone."""
    if content.category and content.category not in CATEGORIES:
        raise InvalidError(msg("목록에 없는 분류입니다. 다시 골라 주십시오."), field="category")
    if whole and not content.category:
        raise InvalidError(msg("분류를 골라 주십시오. 맞는 것이 없으면 ‘기타’를 고르십시오."), field="category")
    least = TEXT_MIN if whole else 0
    district, map_x, map_y = _where(content)
    return {
        "title": _line(content.title, "title", minimum=TITLE_MIN if whole else 1, maximum=TITLE_MAX),
        "problem": _text(content.problem, "problem", minimum=least),
        "idea": _text(content.idea, "idea", minimum=least),
        "category": content.category,
        "district": district,
        "place": _line(content.place, "place", maximum=PLACE_MAX),
        "map_x": map_x,
        "map_y": map_y,
    }


def _own(session: Session, actor: Actor, proposal_id: UUID) -> Proposal:
    """The proposal for one of its authors, locked: nobody's 공감 comes between reading and changing it."""
    proposal = visible(session, actor, proposal_id, lock=True)
    towards(session, actor, proposal).require(Permission.PROPOSAL_EDIT)
    return proposal


def require_editable(proposal: Proposal) -> None:
    """ConflictError with words unless the text may still be changed."""
    if proposal.hidden_at is not None:
        raise ConflictError(msg("숨겨진 제안은 고칠 수 없습니다. 숨김이 잘못되었다면 이의를 제기해 주십시오."))
    if proposal.state not in EDITABLE:
        raise ConflictError(
            msg("부서 검토가 시작되었거나 끝난 제안은 고칠 수 없습니다. 보탤 내용은 댓글로 남겨 주십시오.")
        )


def start(session: Session, actor: Actor, key: UUID, content: Content) -> Proposal:
    """Begin a draft under `key`, which its form carried: the same form sent twice is one draft.

    A form that was saved meanwhile goes on with its draft; one whose draft has moved on elsewhere is a Conflict.
    """
    actor.require(Permission.PROPOSAL_WRITE)
    known = session.get(Proposal, key)
    if (known is None and subjects.taken(session, key)) or (known is not None and known.author_id != actor.id):
        raise NotFoundError
    values = _values(content, whole=False)
    moment = clock.now()
    if known is None:
        _require_few_drafts(session, actor)
        fresh = {
            "id": key, "author_id": actor.id, "saved_by": actor.id, "state": S.DRAFT, "created_at": moment,
            "updated_at": moment, "shuffle": secrets.randbelow(_SHUFFLES), "triage_note": "", "forwarded_to": "",
            "department_threshold": 1, "forum_threshold": 1, "state_reason": "", "hidden_reason": "", "revision": 0,
            "endorsement_count": 0, "version": 1, **values,
        }  # fmt: skip
        if insert_new(session, Proposal, [fresh]):
            proposal = session.get_one(Proposal, key)
            audit.record(session, actor, "proposal:draft", proposal)
            return proposal
        known = _own(session, actor, key)
    if all(getattr(known, name) == value for name, value in values.items()):
        return known
    return change(session, actor, key, content, version=1)


def _require_few_drafts(session: Session, actor: Actor) -> None:
    drafts = select(func.count()).where(Proposal.author_id == actor.id, Proposal.state == S.DRAFT)
    if (session.scalar(drafts) or 0) >= MOST_DRAFTS:
        raise ConflictError(
            msg("쓰던 초안이 %(n)s개 있습니다. ‘내 활동’에서 하나를 골라 이어 쓰고 공개해 주십시오.", n=MOST_DRAFTS)
        )


def autosave(session: Session, actor: Actor, key: UUID, content: Content, *, version: int) -> int:
    """Keep what is being typed; the version the open form may save by.

    It stays while one person writes. Where another author wrote last it moves on, so that their form, which doesn't have
    this text, is told instead of overwriting it. Whoever saved by button since gets the better of an autosave: ConflictError.
    """
    actor.require(Permission.PROPOSAL_WRITE)
    proposal = session.get(Proposal, key)
    if proposal is None:
        return start(session, actor, key, content).version
    _own(session, actor, key)
    same = case((Proposal.saved_by == actor.id, Proposal.version), else_=Proposal.version + 1)
    kept: int | None = session.execute(
        update(Proposal)
        .where(Proposal.id == key, Proposal.version == version, Proposal.state == S.DRAFT)
        .values(**_values(content, whole=False), updated_at=clock.now(), saved_by=actor.id, version=same)
        .returning(Proposal.version)
        .execution_options(synchronize_session=False)
    ).scalar()
    if kept is None:
        raise ConflictError(STALE)
    audit.record(session, actor, "proposal:autosave", proposal)
    return kept


def change(
    session: Session, actor: Actor, proposal_id: UUID, content: Content, *, version: int, note: str = ""
) -> Proposal:
    """Save by an author: free until the first 공감, then as a numbered revision with a note of what was changed and why.

    `version` is the one the form was made from.
    """
    proposal = _own(session, actor, proposal_id)
    require_editable(proposal)
    if proposal.version != version:
        raise ConflictError(STALE)
    values = _values(content, whole=proposal.state is not S.DRAFT)
    changed = [name for name, value in values.items() if getattr(proposal, name) != value]
    if not changed:
        return proposal
    before: dict[str, str | None] = {name: getattr(proposal, name) for name in revisions.KEPT}
    numbered = proposal.state is not S.DRAFT and revisions.begun(session, proposal)
    words = _line(note, "note", minimum=NOTE_MIN if numbered else 0, maximum=NOTE_MAX)
    for name in changed:
        setattr(proposal, name, values[name])
    proposal.updated_at, proposal.saved_by = clock.now(), actor.id
    if numbered:
        _require_room(proposal)
        revisions.keep(session, actor, proposal, before, note=words)
    session.flush()
    audit.record(session, actor, "proposal:edit", proposal, fields=changed, revision=proposal.revision)
    if proposal.state is not S.DRAFT:
        threads.rename(session, proposal.id, proposal.title)
        threads.touch(session, proposal.id)
        search.index_proposal(session, proposal)
    return proposal


def _require_room(proposal: Proposal) -> None:
    if proposal.revision >= revisions.LIMIT - 1:
        raise ConflictError(
            msg("더는 고칠 수 없습니다. 한 제안은 %(most)s번까지 고칠 수 있습니다.", most=revisions.LIMIT - 1)
        )


def publish(session: Session, actor: Actor, proposal_id: UUID) -> Proposal:
    """Make the draft public under the next number. Window and thresholds are those of this moment, for good."""
    proposal = _own(session, actor, proposal_id)
    if proposal.state is not S.DRAFT:
        return proposal  # the same form twice
    stored = Content(
        proposal.title, proposal.problem, proposal.idea, proposal.category, proposal.district or "", proposal.place,
        proposal.map_x, proposal.map_y,
    )  # fmt: skip
    _values(stored, whole=True)
    rules = dated_settings.values(
        session, "proposal.window_days", "proposal.department_threshold", "proposal.forum_threshold"
    )
    proposal.number = _next_number(session)
    proposal.published_at = clock.now()
    proposal.closes_at = proposal.published_at + timedelta(days=rules["proposal.window_days"])
    proposal.department_threshold = rules["proposal.department_threshold"]
    # Each may be changed alone, so for a while the second can stand below the first.
    proposal.forum_threshold = max(rules["proposal.forum_threshold"], proposal.department_threshold)
    advance(session, actor, proposal, "publish")
    threads.open_thread(session, ThreadKind.PROPOSAL, proposal.id, title=proposal.title, path=path(proposal))
    writers = {
        proposal.author_id,
        *session.scalars(select(CoAuthor.user_id).where(CoAuthor.proposal_id == proposal.id)),
    }
    rows = [{"subject_id": proposal.id, "user_id": one, "at": clock.now()} for one in sorted(filter(None, writers))]
    insert_new(session, Watch, rows)
    search.index_proposal(session, proposal)
    return proposal


def _next_number(session: Session) -> int:
    """The platform's next number; one at a time, so that none is given twice or left out."""
    exclusive(session, "proposal-number")
    return (session.scalar(select(func.max(Proposal.number))) or 0) + 1


def save(
    session: Session,
    actor: Actor,
    key: UUID,
    content: Content,
    *,
    version: int | None,
    final: bool,
    note: str = "",
) -> Proposal:
    """What the form's button does: begin (`version` None) or change the proposal, and publish it if `final`."""
    stored = None if version is None else change(session, actor, key, content, version=version, note=note)
    proposal = stored or start(session, actor, key, content)
    return publish(session, actor, proposal.id) if final and proposal.state is S.DRAFT else proposal


def withdrawable(session: Session, actor: Actor, proposal_id: UUID) -> Proposal:
    """The proposal if the actor may take it back now; ForbiddenError or ConflictError if not."""
    proposal = visible(session, actor, proposal_id)
    PROPOSAL.check(towards(session, actor, proposal), proposal.state, "withdraw", "-")
    return proposal


def withdraw(session: Session, actor: Actor, proposal_id: UUID, *, reason: str) -> Proposal:
    """The author takes the proposal back, with a public reason."""
    proposal = visible(session, actor, proposal_id, lock=True)
    text = _text(reason, "reason", maximum=REASON_MAX)
    advance(session, actor, proposal, "withdraw", reason=text)
    return proposal


def resubmit(session: Session, actor: Actor, proposal_id: UUID) -> Proposal:
    """A draft that improves on a proposal whose window ended: filled in, linked to it. Asked twice it is the same draft."""
    old = visible(session, actor, proposal_id, lock=True)
    towards(session, actor, old).require(Permission.PROPOSAL_OWN)
    if old.state is not S.CLOSED or old.hidden_at is not None:
        raise ConflictError(msg("공감마감된 제안만 다듬어 다시 제안할 수 있습니다."))
    known = session.scalars(
        select(Proposal)
        .where(Proposal.previous_id == old.id, Proposal.author_id == actor.id)
        .order_by(Proposal.id.desc())
        .limit(1)
    ).first()
    if known is not None and known.state is S.DRAFT:
        return known
    if known is not None:
        raise ConflictError(msg("이 제안을 다듬은 새 제안이 이미 있습니다. 그 제안에서 이어 가 주십시오."))
    content = Content(
        old.title, old.problem, old.idea, old.category, old.district or "", old.place, old.map_x, old.map_y
    )
    draft = start(session, actor, new_id(), content)
    draft.previous_id = old.id
    session.flush()
    audit.record(session, actor, "proposal:resubmit", draft, previous=old.id)
    return draft
