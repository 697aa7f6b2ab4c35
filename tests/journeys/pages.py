"""Every page there is: taken from the application's own map of addresses, so that a new page can't be forgotten."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select, true
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import ForumKind, RoundKind
from civicvote.domain.lifecycles import CommitmentState, ForumState, ProjectState, ProposalState
from civicvote.domain.proposals import COMMITTING
from civicvote.models.accounts import User
from civicvote.models.agora import OutsideLink
from civicvote.models.audit import AuditEvent
from civicvote.models.ballot_rounds import RoundBallot
from civicvote.models.campaigns import Campaign
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.deliberation import Forum, ParticipantGroup, Round, SynthesisSection
from civicvote.models.departments import Department
from civicvote.models.discussion import Appeal, Post, Thread
from civicvote.models.projects import Comment, Project
from civicvote.models.proposals import AnswerBatch, Commitment, Milestone, Proposal, ProposalRevision
from civicvote.models.reviews import Review
from civicvote.services.notices import wishes
from civicvote.web.access import keys
from tests.journeys.site import Site

ROLES = ("visitor", "citizen", "verified", "moderator", "department", "expert", "staff", "auditor", "admin")
#: Pages behind a form, a letter or a second factor: other tests here go there and look as closely.
ELSEWHERE = {
    "ballot_rounds.confirm",
    "ballot_rounds.edit_option",
    "ballot_rounds.receipt",
    "accounts.change_email",
    "accounts.confirm",
    "accounts.reset",
    "channels.batch",
    "channels.sheets",
    "channels.station",
    "channels.visit",
    "factors.app",
    "factors.challenge",
    "files.manage",
    "proposals.invitation",
    "proposals.invited",
    "notices.unsubscribe",
    "voting.compare",
    "voting.confirm",
    "voting.order",
    "voting.receipt",
}
#: Answers that are no pages.
FILES = {
    "board.heads",
    "board.lines",
    "board.notice",
    "board.turnout_file",
    "counting.export",
    "feeds.atom",
    "feeds.robots",
    "feeds.sitemap",
    "files.show",
    "discussion.pulse",
    "discussion.thread",
    "transparency.file",
    "health.healthz",
    "health.metrics",
    "health.readyz",
    "proposals.picture",
    "proposals.feed",
    "proposals.funnel_file",
    "statements.chart_csv",
    "statements.chart_json",
    "proposals.share",
    "results.download",
    "results.log_file",
    "static",
}
#: Parts that scripts ask for.
PARTS = {"projects.similar", "proposals.point", "proposals.similar"}
#: A page where a role may see several kinds of things is looked at so many times.
SAMPLES = {
    "ballot_rounds.detail": 4,
    "commitments.detail": 4,
    "forums.detail": 4,
    "forums.round": 4,
    "themes.detail": 4,
    "projects.detail": 6,
    "proposals.detail": 12,
    "reviews.detail": 2,
}
S = ProjectState


def _slugs(session: Session) -> Iterator[dict[str, Any]]:
    for slug in session.scalars(select(Cycle.slug).where(Cycle.origin != "round").order_by(Cycle.year.desc())):
        yield {"slug": slug}


def _ballots(session: Session) -> Iterator[dict[str, Any]]:
    """Ballots of forums, those that are announced first."""
    for key in session.scalars(
        select(Round.id)
        .outerjoin(RoundBallot, RoundBallot.round_id == Round.id)
        .where(Round.kind == RoundKind.BALLOT)
        .order_by(RoundBallot.announced_at.is_(None), Round.id)
    ):
        yield {"round_id": key}


def _themes(session: Session) -> Iterator[dict[str, Any]]:
    for key in session.scalars(select(Forum.id).where(Forum.kind == ForumKind.THEME).order_by(Forum.id)):
        yield {"forum_id": key}


def _projects(session: Session) -> Iterator[dict[str, Any]]:
    """One of each state, then a second."""
    rows = session.execute(select(Project.id, Project.state).order_by(Project.id)).all()
    by_state: dict[str, list[Any]] = {}
    for row in rows:
        by_state.setdefault(row.state, []).append(row.id)
    for place in range(2):
        for ids in by_state.values():
            if place < len(ids):
                yield {"project_id": ids[place]}


def _projects_of(
    address: str, *states: ProjectState, department: bool = False
) -> Callable[[Session], Iterator[dict[str, Any]]]:
    """Projects of an account, or of its department."""

    def rows(session: Session) -> Iterator[dict[str, Any]]:
        user = session.scalars(select(User).where(User.email == address)).one()
        own = Project.department_id == user.department_id if department else Project.author_id == user.id
        for key in session.scalars(select(Project.id).where(own, Project.state.in_(states)).limit(1)):
            yield {"project_id": key}

    return rows


def _proposals(session: Session) -> Iterator[dict[str, Any]]:
    """Citizens' proposals, one of each state first."""
    rows = session.execute(select(Proposal.id, Proposal.state).order_by(Proposal.id)).all()
    first = {row.state: row.id for row in reversed(rows)}
    for key in dict.fromkeys([*first.values(), *(row.id for row in rows)]):
        yield {"proposal_id": key}


def _own_proposals(*states: ProposalState) -> Callable[[Session], Iterator[dict[str, Any]]]:
    def rows(session: Session) -> Iterator[dict[str, Any]]:
        user = session.scalars(select(User).where(User.email == CITIZEN)).one()
        for key in session.scalars(
            select(Proposal.id).where(Proposal.author_id == user.id, Proposal.state.in_(states)).order_by(Proposal.id)
        ):
            yield {"proposal_id": key}

    return rows


def _revisions(session: Session) -> Iterator[dict[str, Any]]:
    for row in session.execute(select(ProposalRevision).where(ProposalRevision.number > 0)).scalars():
        yield {"proposal_id": row.proposal_id, "number": row.number}


def _revised(session: Session) -> Iterator[dict[str, Any]]:
    for row in _revisions(session):
        yield {"proposal_id": row["proposal_id"]}


def _listed(session: Session) -> Iterator[dict[str, Any]]:
    for key in session.scalars(select(Project.id).where(Project.state == S.ELIGIBLE).limit(1)):
        yield {"project_id": key}


def _of_cycle(session: Session) -> Iterator[dict[str, Any]]:
    for state in (S.ON_BALLOT, S.SELECTED, S.EXECUTING, S.NOT_SELECTED):
        row = session.execute(
            select(Cycle.slug, Project.id).join(Cycle, Cycle.id == Project.cycle_id).where(Project.state == state)
        ).first()
        if row is not None:
            yield {"slug": row.slug, "project_id": row.id}


def _pools(session: Session) -> Iterator[dict[str, Any]]:
    for row in session.execute(select(Cycle.slug, Pool.id).join(Cycle, Cycle.id == Pool.cycle_id)):
        yield {"slug": row.slug, "pool_id": row.id}


def _ids(model: Any, name: str) -> Callable[[Session], Iterator[dict[str, Any]]]:
    def rows(session: Session) -> Iterator[dict[str, Any]]:
        for key in session.scalars(select(model.id).order_by(model.id).limit(12)):
            yield {name: key}

    return rows


def _forums(*states: ForumState, kind: ForumKind | None = None) -> Callable[[Session], Iterator[dict[str, Any]]]:
    """Forums in these states, or in any; of one kind."""

    def rows(session: Session) -> Iterator[dict[str, Any]]:
        query = select(Forum.id).where(Forum.state.in_(states or tuple(ForumState)))
        for key in session.scalars(query.where(Forum.kind == kind if kind else true()).order_by(Forum.id)):
            yield {"forum_id": key}

    return rows


def _moves(session: Session) -> Iterator[dict[str, Any]]:
    for row in _forums(ForumState.OPEN)(session):
        yield row | {"name": "cancel"}


def _rounds(*kinds: RoundKind, coming: bool = False) -> Callable[[Session], Iterator[dict[str, Any]]]:
    """Rounds of open forums, the open ones first; `coming`: of drafts, which can still be written."""

    def rows(session: Session) -> Iterator[dict[str, Any]]:
        state = ForumState.DRAFT if coming else ForumState.OPEN
        query = select(Round.id).join(Forum, Forum.id == Round.forum_id).where(Forum.state == state)
        if coming:
            query = query.where(Forum.kind == ForumKind.DEBATE)
        for key in session.scalars(query.where(Round.kind.in_(kinds or tuple(RoundKind))).order_by(Round.opens_at)):
            yield {"round_id": key}

    return rows


CITIZEN = "citizen@demo.civicvote.example"


def _unsubscribing(session: Session) -> Iterator[dict[str, Any]]:
    user = session.scalars(select(User).where(User.email == CITIZEN)).one()
    yield {"token": wishes.token(keys().derived("unsubscribe"), user.id, "answered")}


def _promising(session: Session) -> Iterator[dict[str, Any]]:
    """Accepted proposals, those of the department that looks first."""
    user = session.scalars(select(User).where(User.email == "department@demo.civicvote.example")).one()
    query = select(Proposal.id).where(Proposal.verdict.in_(COMMITTING))
    for key in session.scalars(query.order_by(Proposal.department_id != user.department_id, Proposal.id)):
        yield {"proposal_id": key}


def _promised(*, step: bool = False) -> Callable[[Session], Iterator[dict[str, Any]]]:
    """Commitments or steps of the department that looks first."""

    def rows(session: Session) -> Iterator[dict[str, Any]]:
        user = session.scalars(select(User).where(User.email == "department@demo.civicvote.example")).one()
        wanted, name = (Milestone.id, "step_id") if step else (Commitment.id, "commitment_id")
        query = select(wanted).select_from(Commitment).join(Milestone, Milestone.commitment_id == Commitment.id)
        if step:
            query = query.where(Milestone.done_at.is_(None))
        order = (Commitment.department_id != user.department_id, Commitment.state != CommitmentState.UNDER_WAY)
        for key in dict.fromkeys(session.scalars(query.order_by(*order, Commitment.id))):
            yield {name: key}

    return rows


def _commitment_moves(session: Session) -> Iterator[dict[str, Any]]:
    for row in _promised()(session):
        for name in ("begin", "complete", "drop", "resume"):
            yield row | {"name": name}


def _hidden_posts(session: Session) -> Iterator[dict[str, Any]]:
    for key in session.scalars(select(Post.id).order_by(Post.hidden_at.is_(None), Post.id)):
        yield {"post_id": key}


def _own_hidden(session: Session) -> Iterator[dict[str, Any]]:
    user = session.scalars(select(User).where(User.email == CITIZEN)).one()
    query = select(Proposal.id).where(Proposal.author_id == user.id, Proposal.hidden_at.is_not(None))
    for key in session.scalars(query):
        yield {"kind": "proposal", "subject_id": key}


def _in_review(session: Session) -> Iterator[dict[str, Any]]:
    """Proposals that a department answers now, those of the department that looks first."""
    user = session.scalars(select(User).where(User.email == "department@demo.civicvote.example")).one()
    query = select(Proposal.id).where(Proposal.state == ProposalState.IN_REVIEW)
    for key in session.scalars(query.order_by(Proposal.department_id != user.department_id, Proposal.id)):
        yield {"proposal_id": key}


def _own_drafts(session: Session) -> Iterator[dict[str, Any]]:
    for row in _own_proposals(ProposalState.DRAFT)(session):
        yield {"kind": "proposal", "subject_id": row["proposal_id"]}


def _statement_rounds(session: Session) -> Iterator[dict[str, Any]]:
    for key in session.scalars(select(Round.id).where(Round.kind == RoundKind.STATEMENTS)):
        yield {"round_id": key}


#: Pages that only a project's own people open, and only in some of its states.
PARTICULAR = {
    "commitments.new": _promising,
    "discussion.appeal": _own_hidden,
    "proposal_desk.answer": _in_review,
    "proposal_desk.extend": _in_review,
    "dated_settings.change": lambda _session: iter([{"name": "proposal.window_days"}]),
    "statements.chart": _statement_rounds,
    "statements.listing": _statement_rounds,
    "statements.mine": _statement_rounds,
    "notices.unsubscribe": _unsubscribing,
    "ballot_rounds.detail": _ballots,
    "ballot_rounds.prepare": _ballots,
    "ballot_rounds.result": _ballots,
    "themes.confirm": _themes,
    "themes.detail": _themes,
    "themes.promote": _themes,
    "projects.edit": _projects_of(CITIZEN, S.SUBMITTED),
    "projects.withdraw": _projects_of(CITIZEN, S.SUBMITTED),
    "projects.supplement": _projects_of(CITIZEN, S.SUPPLEMENT),
    "projects.status": _projects_of("department@demo.civicvote.example", S.EXECUTING, department=True),
    "proposals.authors": _own_proposals(ProposalState.DRAFT),
    "proposals.edit": _own_proposals(ProposalState.PUBLISHED),
    "proposals.revision_list": _revised,
    "proposals.withdraw": _own_proposals(ProposalState.PUBLISHED),
    "reviews.reopen": _listed,
    "forums.add_round": _forums(ForumState.DRAFT, kind=ForumKind.DEBATE),
    "forums.add_section": _rounds(RoundKind.SYNTHESIS),
    "forums.answer": _forums(ForumState.CONCLUDED, kind=ForumKind.QUESTION),
    "forums.conclude": _forums(ForumState.OPEN),
    "forums.edit": _forums(ForumState.DRAFT, kind=ForumKind.DEBATE),
    "forums.edit_round": _rounds(coming=True),
    "forums.move": _moves,
    "forums.write_options": _forums(ForumState.DRAFT, kind=ForumKind.QUESTION),
}
#: What an address with holes is filled with, by the names of the holes; the first that opens is taken.
FILLINGS: dict[frozenset[str], Callable[[Session], Iterator[dict[str, Any]]]] = {
    frozenset(): lambda _session: iter([{}]),
    frozenset({"slug"}): _slugs,
    frozenset({"project_id"}): _projects,
    frozenset({"proposal_id"}): _proposals,
    frozenset({"proposal_id", "number"}): _revisions,
    frozenset({"slug", "project_id"}): _of_cycle,
    frozenset({"slug", "pool_id"}): _pools,
    frozenset({"user_id"}): _ids(User, "user_id"),
    frozenset({"department_id"}): _ids(Department, "department_id"),
    frozenset({"review_id"}): _ids(Review, "review_id"),
    frozenset({"comment_id"}): _ids(Comment, "comment_id"),
    frozenset({"event_id"}): _ids(AuditEvent, "event_id"),
    frozenset({"forum_id"}): _forums(),
    frozenset({"forum_id", "name"}): _moves,
    frozenset({"round_id"}): _rounds(),
    frozenset({"section_id"}): _ids(SynthesisSection, "section_id"),
    frozenset({"kind", "subject_id"}): _own_drafts,
    frozenset({"appeal_id"}): _ids(Appeal, "appeal_id"),
    frozenset({"batch_id"}): _ids(AnswerBatch, "batch_id"),
    frozenset({"campaign_id"}): _ids(Campaign, "campaign_id"),
    frozenset({"commitment_id"}): _promised(),
    frozenset({"commitment_id", "name"}): _commitment_moves,
    frozenset({"step_id"}): _promised(step=True),
    frozenset({"link_id"}): _ids(OutsideLink, "link_id"),
    frozenset({"post_id"}): _hidden_posts,
    frozenset({"thread_id"}): _ids(Thread, "thread_id"),
    frozenset({"group_id"}): _ids(ParticipantGroup, "group_id"),
}


class _Skeleton(HTMLParser):
    """Which kinds of elements stand in which, within <main>."""

    EMPTY = frozenset(["br", "circle", "col", "hr", "img", "input", "link", "meta", "path", "rect", "use", "wbr"])

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pairs: set[tuple[str, str]] = set()
        self.heading = ""
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = self.inside or tag == "main"
        if not self.inside:
            return
        names = ",".join(sorted(name for name, _ in attrs if name not in {"checked", "selected", "open"}))
        style = next((value or "" for name, value in attrs if name == "class"), "")
        kind = f"{tag}.{style}[{names}]"
        self.pairs.add((self.open[-1] if self.open else "", kind))
        if tag in {"h1", "h2", "h3", "h4"}:
            self.pairs.add((self.heading, tag))
            self.heading = tag
        if tag not in self.EMPTY:
            self.open.append(kind)

    def handle_endtag(self, tag: str) -> None:
        if tag == "main":
            self.inside = False
        while self.open and self.inside:
            if self.open.pop().startswith(f"{tag}."):
                break


def skeleton(html: str) -> set[tuple[str, str]]:
    parser = _Skeleton()
    parser.feed(html)
    return parser.pairs


#: An address and the skeleton of its page.
Seen = tuple[str, set[tuple[str, str]]]


@dataclass
class Atlas:
    """The pages of a site, and what of them each role can open."""

    site: Site
    known: dict[str, dict[str, list[Seen]]] = field(default_factory=dict)

    def endpoints(self) -> dict[str, frozenset[str]]:
        """Every endpoint with a GET, and the holes in its address."""
        rules = self.site.app.url_map.iter_rules()
        return {
            rule.endpoint: frozenset(rule.arguments)
            for rule in rules
            if "GET" in (rule.methods or ()) and rule.endpoint not in FILES | PARTS | ELSEWHERE
        }

    def _addresses(self, endpoint: str, holes: frozenset[str]) -> list[str]:
        fill = PARTICULAR.get(endpoint) or FILLINGS[holes]
        with self.site.database.reading() as session, self.site.app.test_request_context(base_url=self.site.url):
            return [self.site.app.url_for(endpoint, **values) for values in fill(session)]

    def client(self, role: str) -> FlaskClient:
        client = self.site.app.test_client()
        if role != "visitor":
            token = self.site.session_of(f"{role}@demo.civicvote.example")
            client.set_cookie("cv", token, domain="127.0.0.1")
        return client

    def open_to(self, role: str, only: set[str] | None = None) -> dict[str, list[Seen]]:
        """Addresses of pages that answer 200 to the role, by endpoint, each with its skeleton."""
        if only is None and role in self.known:
            return self.known[role]
        client = self.client(role)
        found: dict[str, list[Seen]] = {}
        for endpoint, holes in self.endpoints().items():
            if only is not None and endpoint not in only:
                continue
            wanted = 1 if only else SAMPLES.get(endpoint, 3 if holes == {"slug"} else 1)
            pages = self._try(client, self._addresses(endpoint, holes), wanted)
            if pages:
                found[endpoint] = pages
        if only is None:
            self.known[role] = found
        return found

    def _try(self, client: FlaskClient, addresses: list[str], wanted: int) -> list[Seen]:
        pages: list[Seen] = []
        seen: set[tuple[str, str]] = set()
        for address in addresses:
            answer = client.get(address, base_url=self.site.url)
            assert answer.status_code < 500, (address, answer.status_code)
            if answer.status_code == 200 and answer.mimetype == "text/html":
                bones = skeleton(answer.text)
                if not bones <= seen:
                    pages.append((address, bones))
                    seen |= bones
                wanted -= 1
            elif answer.status_code in {303, 403}:
                break  # not for this role, whichever it is
            if wanted <= 0:
                break
        return pages

    def worth_a_look(self, role: str) -> list[str]:
        """What the role sees that neither visitors nor plain citizens do; for those two, all they see."""
        own = self.open_to(role)
        before: dict[str, set[tuple[str, str]]] = {}
        for base in () if role == "visitor" else ("visitor",) if role == "citizen" else ("visitor", "citizen"):
            for endpoint, pages in self.open_to(base).items():
                for _address, bones in pages:
                    before.setdefault(endpoint, set()).update(bones)
        return [
            address
            for endpoint, pages in own.items()
            for address, bones in pages
            if endpoint == "home.index" or not bones <= before.get(endpoint, set())
        ]
