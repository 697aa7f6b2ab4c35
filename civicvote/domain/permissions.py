"""Who may do what: permissions are names, roles are sets of them, and a relation to the thing at hand is a role too."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from civicvote.domain.errors import ForbiddenError


class Permission(StrEnum):
    """A deed somebody may be allowed to do. Reading what is public needs none."""

    ACCOUNT_OWN = "account:own"
    PROJECT_WRITE = "project:write"
    PROJECT_EDIT = "project:edit"
    PROJECT_WITHDRAW = "project:withdraw"
    PROJECT_SUPPLEMENT = "project:supplement"
    PROJECT_ENDORSE = "project:endorse"
    COMMENT_WRITE = "comment:write"
    COMMENT_HIDE = "comment:hide"
    PROPOSAL_WRITE = "proposal:write"
    PROPOSAL_EDIT = "proposal:edit"
    PROPOSAL_WITHDRAW = "proposal:withdraw"
    PROPOSAL_OWN = "proposal:own"
    PROPOSAL_ENDORSE = "proposal:endorse"
    PROPOSAL_TRIAGE = "proposal:triage"
    PROPOSAL_ASSIGN = "proposal:assign"
    PROPOSAL_MERGE = "proposal:merge"
    ANSWER_WRITE = "answer:write"
    ANSWER_PUBLISH = "answer:publish"
    COMMITMENT_WRITE = "commitment:write"
    POST_WRITE = "post:write"
    POST_WITHDRAW = "post:withdraw"
    POST_REPORT = "post:report"
    POST_MODERATE = "post:moderate"
    APPEAL_WRITE = "appeal:write"
    APPEAL_DECIDE = "appeal:decide"
    FORUM_DRAFT = "forum:draft"
    FORUM_APPROVE = "forum:approve"
    FORUM_MODERATE = "forum:moderate"
    FORUM_ANSWER = "forum:answer"
    FORUM_EXPERT = "forum:expert"
    CAMPAIGN_MANAGE = "campaign:manage"
    AGORA_MANAGE = "agora:manage"
    SETTING_CHANGE = "setting:change"
    PROJECT_ASSIGN = "project:assign"
    PROJECT_REOPEN = "project:reopen"
    PROJECT_EXCLUDE = "project:exclude"
    REVIEW_QUEUE = "review:queue"
    REVIEW_WRITE = "review:write"
    REVIEW_OVERSEE = "review:oversee"
    EXECUTION_WRITE = "execution:write"
    CYCLE_MANAGE = "cycle:manage"
    CYCLE_APPROVE = "cycle:approve"
    BALLOT_CAST = "ballot:cast"
    COUNT_RUN = "count:run"
    COUNT_APPROVE = "count:approve"
    IDENTITY_DESK = "identity:desk"
    VOTE_DESK = "vote:desk"
    PAPER_KEY = "paper:key"
    REGISTER_IMPORT = "register:import"
    AUDIT_READ = "audit:read"
    ACCOUNT_MANAGE = "account:manage"
    DEPARTMENT_MANAGE = "department:manage"
    TIME_PASSES = "time:passes"


class Role(StrEnum):
    """Held by an account, except the last five: those follow from the thing at hand or from the platform itself."""

    CITIZEN = "citizen"
    VERIFIED = "verified"
    MODERATOR = "moderator"
    DEPARTMENT = "department"
    EXPERT = "expert"
    STAFF = "staff"
    AUDITOR = "auditor"
    ADMIN = "admin"
    SYSTEM = "system"
    AUTHOR = "author"
    CO_AUTHOR = "co_author"
    REVIEWER = "reviewer"
    OWNER = "owner"


#: Roles an admin may give to an account; each needs a second factor outside the demo.
ASSIGNABLE = (Role.MODERATOR, Role.DEPARTMENT, Role.EXPERT, Role.STAFF, Role.AUDITOR, Role.ADMIN)

P = Permission
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.CITIZEN: frozenset(
        {
            P.ACCOUNT_OWN,
            P.PROJECT_WRITE,
            P.PROJECT_ENDORSE,
            P.PROPOSAL_WRITE,
            P.PROPOSAL_ENDORSE,
            P.COMMENT_WRITE,
            P.POST_WRITE,
            P.POST_REPORT,
        }
    ),
    Role.VERIFIED: frozenset({P.BALLOT_CAST}),
    Role.MODERATOR: frozenset({P.COMMENT_HIDE, P.POST_MODERATE, P.APPEAL_DECIDE, P.FORUM_MODERATE, P.CAMPAIGN_MANAGE}),
    Role.DEPARTMENT: frozenset({P.REVIEW_QUEUE, P.FORUM_DRAFT}),
    Role.EXPERT: frozenset({P.REVIEW_QUEUE, P.FORUM_EXPERT}),
    Role.STAFF: frozenset(
        {
            P.CYCLE_MANAGE,
            P.CYCLE_APPROVE,
            P.COUNT_RUN,
            P.COUNT_APPROVE,
            P.PROJECT_ASSIGN,
            P.PROJECT_REOPEN,
            P.PROJECT_EXCLUDE,
            P.PROPOSAL_TRIAGE,
            P.PROPOSAL_ASSIGN,
            P.PROPOSAL_MERGE,
            P.ANSWER_PUBLISH,
            P.FORUM_DRAFT,
            P.FORUM_APPROVE,
            P.FORUM_MODERATE,
            P.CAMPAIGN_MANAGE,
            P.AGORA_MANAGE,
            P.SETTING_CHANGE,
            P.REVIEW_OVERSEE,
            P.IDENTITY_DESK,
            P.VOTE_DESK,
            P.PAPER_KEY,
            P.REGISTER_IMPORT,
        }
    ),
    Role.AUDITOR: frozenset({P.AUDIT_READ, P.REVIEW_OVERSEE}),
    Role.ADMIN: frozenset({P.ACCOUNT_MANAGE, P.DEPARTMENT_MANAGE}),
    Role.SYSTEM: frozenset(
        {
            P.TIME_PASSES,
            P.REGISTER_IMPORT,
            P.CYCLE_MANAGE,
            P.CYCLE_APPROVE,
            P.COUNT_RUN,
            P.COUNT_APPROVE,
            P.ACCOUNT_MANAGE,
            P.DEPARTMENT_MANAGE,
            P.AUDIT_READ,
            P.FORUM_APPROVE,
        }
    ),
    Role.AUTHOR: frozenset(
        {
            P.PROJECT_EDIT,
            P.PROJECT_WITHDRAW,
            P.PROJECT_SUPPLEMENT,
            P.PROPOSAL_EDIT,
            P.PROPOSAL_WITHDRAW,
            P.PROPOSAL_OWN,
            P.POST_WITHDRAW,
            P.APPEAL_WRITE,
        }
    ),
    Role.CO_AUTHOR: frozenset({P.PROPOSAL_EDIT}),
    Role.REVIEWER: frozenset({P.REVIEW_WRITE, P.ANSWER_WRITE}),
    Role.OWNER: frozenset({P.EXECUTION_WRITE, P.COMMITMENT_WRITE, P.FORUM_ANSWER}),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody at the door. `id` is None for a visitor and for the platform itself.

    `level` is the verification level 0-2; `needs_second_factor` says that official roles are withheld until it is given.
    A voter at a polling station has no account here: `station_id` is the station, `vote_id` the one vote they may cast in.
    """

    id: UUID | None = None
    roles: frozenset[Role] = frozenset()
    name: str = ""
    level: int = 0
    person_id: UUID | None = None
    department_id: UUID | None = None
    needs_second_factor: bool = False
    session_id: UUID | None = field(default=None, repr=False)
    station_id: UUID | None = None
    vote_id: UUID | None = None

    @property
    def signed_in(self) -> bool:
        """Whether this is a person with an account."""
        return self.id is not None

    @property
    def known(self) -> bool:
        """Whether this is somebody at all: a person with an account, or a voter at a station."""
        return self.id is not None or self.station_id is not None

    def also(self, *roles: Role) -> "Actor":
        """The same actor with roles that follow from a thing at hand."""
        return replace(self, roles=self.roles | frozenset(roles))

    def can(self, permission: Permission | str) -> bool:
        """Whether any of the actor's roles grants `permission` (an unknown name is an error)."""
        wanted = Permission(permission)
        return any(wanted in GRANTS[role] for role in self.roles)

    def require(self, permission: Permission) -> None:
        """Raise ForbiddenError unless the actor may."""
        if not self.can(permission):
            raise ForbiddenError

    def account(self) -> UUID:
        """The account that is the actor's own; ForbiddenError for whoever has none."""
        self.require(Permission.ACCOUNT_OWN)
        if self.id is None:
            raise ForbiddenError
        return self.id


VISITOR = Actor()
SYSTEM = Actor(roles=frozenset({Role.SYSTEM}), name="system")
