"""What is left of somebody who leaves, and of what nobody needs any more."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, inspect, select, text
from sqlalchemy.orm import Session

from civicvote.domain.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
)
from civicvote.domain.lifecycles import ProjectState, ProposalState
from civicvote.domain.permissions import VISITOR, Role
from civicvote.models.accounts import EmailToken, LoginSession, Totp, User, UserRole
from civicvote.models.base import Base
from civicvote.models.files import Attachment
from civicvote.models.outbox import OutboxMessage
from civicvote.models.projects import Comment, Endorsement, Follow
from civicvote.models.verification import Person, Verification
from civicvote.models.votes import Participation, Vote
from civicvote.services import accounts, clock, sessions
from civicvote.services.accounts import passwords
from tests import factories
from tests.support import proposals, talk
from tests.support.accounts import LIMITS, PASSWORD, join, token_of


def full_account(session: Session) -> User:
    """Somebody with everything an account can have."""
    user = factories.user(
        session,
        Role.STAFF,
        level=2,
        name="홍길동",
        email="hong@example.org",
        district="11110",
        password_hash=passwords.hashed(PASSWORD),
    )
    moment = clock.now()
    cycle = factories.cycle(session, opened="closed")
    pool = factories.pool(session, cycle)
    vote = Vote(
        cycle_id=cycle.id,
        opens_at=moment - timedelta(days=2),
        closes_at=moment - timedelta(days=1),
        notice={},
        public_key=b"p" * 32,
        key_mode="file",
        board_key=b"b" * 32,
    )
    project = factories.project(session, pool, user, title="남는 제안")
    factories.project(session, pool, user, ProjectState.DRAFT, title="비밀 초안", problem="아무도 못 본 글")
    other = factories.project(session, pool)
    session.add(vote)
    session.flush()
    session.add_all(
        [
            Participation(vote_id=vote.id, person_id=user.person_id),
            Verification(
                user_id=user.id, person_id=user.person_id, method="desk", level=2, basis="residence", granted_at=moment
            ),
            Comment(project_id=project.id, author_id=user.id, body="남는 댓글", created_at=moment, form_key=uuid4()),
            Endorsement(project_id=other.id, user_id=user.id, at=moment),
            Follow(project_id=other.id, user_id=user.id, at=moment),
            Totp(user_id=user.id, secret=b"sealed"),
        ]
    )
    sessions.start(session, user, device="Chrome · Android", limits=LIMITS)
    accounts.ask_reset(session, email="hong@example.org", locale="ko", reset=str, sign_up="/sign-up")
    session.flush()
    session.add(UserRole(user_id=factories.user(session).id, role=Role.ADMIN))
    session.flush()
    return user


def everything(session: Session) -> str:
    """All text the database holds, the pending farewell aside."""
    bind = session.connection()
    found = []
    for table in inspect(bind).get_table_names():
        where = " WHERE kind <> 'account-erased'" if table == "outbox_message" else ""
        found += [str(tuple(row)) for row in bind.execute(text(f'SELECT * FROM "{table}"{where}'))]  # noqa: S608
    return "\n".join(found)


def test_erasure_leaves_contributions_and_no_person(session: Session) -> None:
    user = full_account(session)
    person = user.person_id
    for canary in ("hong@example.org", "홍길동", "아무도 못 본 글", "비밀 초안"):
        assert canary in everything(session)
    accounts.erase(session, factories.actor(user, Role.STAFF))
    session.flush()
    session.expire_all()
    left = everything(session)
    for canary in ("hong@example.org", "홍길동", "아무도 못 본 글", "비밀 초안", "$argon2id"):
        assert canary not in left
    assert "남는 제안" in left
    assert "남는 댓글" in left
    gone = session.get_one(User, user.id)
    assert (gone.name, gone.email, gone.password_hash, gone.person_id, gone.level) == (
        "탈퇴한 시민",
        None,
        None,
        None,
        0,
    )
    for table in (LoginSession, Totp, EmailToken, UserRole, Follow):
        assert not session.scalars(select(table).where(table.user_id == user.id)).all()
    assert session.scalars(select(Endorsement).where(Endorsement.user_id == user.id)).one()
    assert session.scalars(select(Participation).where(Participation.person_id == person)).one()
    farewell = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "account-erased")).one()
    assert (farewell.address, farewell.recipient_id) == ("hong@example.org", None)


def test_a_download_holds_every_kind_of_thing(session: Session) -> None:
    user = full_account(session)
    found = accounts.download(session, factories.actor(user, Role.STAFF))
    assert {one["title"] for one in found["proposals"]} == {"남는 제안", "비밀 초안"}
    assert [one["body"] for one in found["comments"]] == ["남는 댓글"]
    assert [one["project"] for one in found["endorsements"]] == [one["project"] for one in found["follows"]]
    assert [one["method"] for one in found["identity"]["verifications"]] == ["desk"]
    assert [one["device"] for one in found["security"]["sessions"]] == ["Chrome · Android"]
    assert "sealed" not in json.dumps(found, ensure_ascii=False)


def test_a_download_holds_what_was_said_and_a_draft_takes_its_files_along(session: Session) -> None:
    user = factories.user(session)
    spoken = talk.talk(session)
    actor = factories.actor(user)
    spoken.say("내려받을 댓글입니다.", by=actor)
    draft = proposals.proposal(session, user, ProposalState.DRAFT)
    file = Attachment(
        owner_id=user.id, subject_id=draft.id, subject_kind="proposal", picture=False, media_type="application/pdf",
        name="아무도 못 본 지도.pdf", size=10, sha256="0" * 64, stored_as="f" * 32, created_at=clock.now(),
    )  # fmt: skip
    session.add(file)
    session.flush()
    found = accounts.download(session, actor)
    assert [one["body"] for one in found["posts"]] == ["내려받을 댓글입니다."]
    assert [one["name"] for one in found["files"]] == ["아무도 못 본 지도.pdf"]
    accounts.erase(session, actor)
    session.flush()
    session.expire_all()
    assert "아무도 못 본 지도" not in everything(session)
    assert "내려받을 댓글입니다." in everything(session)
    assert file.removed_at is not None


def test_a_remade_account_keeps_its_participation(session: Session) -> None:
    user = full_account(session)
    person_id = user.person_id
    accounts.erase(session, factories.actor(user, Role.STAFF))
    join(session, "hong@example.org")
    remade = session.scalars(select(User).where(User.email == "hong@example.org")).one()
    assert remade.id != user.id
    accounts.confirm(session, token_of(session, "confirm-email"), account_id=remade.id)
    remade.person_id, remade.level = person_id, 2  # what verification does when the same person comes back
    session.flush()
    found = accounts.download(session, factories.actor(remade))
    assert [one["title"] for one in found["votes_taken_part_in"]] == ["2026년 시민공감예산"]
    assert found["proposals"] == []
    assert session.scalar(select(func.count()).select_from(Person).where(Person.id == person_id)) == 1
    with pytest.raises(Exception, match=r"(?i)participation"):  # noqa: PT012 — the database refuses a second one
        vote = session.scalars(select(Vote.id)).one()
        session.execute(Participation.__table__.insert().values(vote_id=vote, person_id=person_id))  # type: ignore[attr-defined]


def test_the_only_admin_stays(session: Session) -> None:
    admin = factories.user(session, Role.ADMIN)
    with pytest.raises(ConflictError):
        accounts.erase(session, factories.actor(admin, Role.ADMIN))
    second = factories.user(session, Role.ADMIN)
    accounts.erase(session, factories.actor(second, Role.ADMIN))


def test_visitors_own_nothing(session: Session) -> None:
    for call in (accounts.profile, accounts.download, accounts.erase):
        with pytest.raises(ForbiddenError):
            call(session, VISITOR)
    with pytest.raises(ForbiddenError):
        accounts.check_own(session, VISITOR, PASSWORD)


def test_an_erased_account_cannot_come_back_by_an_old_link(session: Session) -> None:
    user = full_account(session)
    token = token_of_reset(session)
    accounts.erase(session, factories.actor(user, Role.STAFF))
    with pytest.raises(NotFoundError):
        accounts.reset(session, token, password="새로 정한 긴 비밀번호")


def token_of_reset(session: Session) -> str:
    mail = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "reset-password")).one()
    return str(mail.payload["url"])


def test_every_table_that_names_an_account_was_thought_of() -> None:
    """A new column with somebody's id must be decided on here: what happens to it when they leave?"""
    named = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "user_account" for key in column.foreign_keys)
    }
    gone = "user_role login_session email_token totp recovery_code passkey passkey_challenge follow proposal_co_author watch"
    emptied = {"outbox_message.recipient_id", "proposal_invitation.invited_by", "proposal_invitation.accepted_by"}
    #: What was said and done stays, under the name of somebody who left.
    said = "comment.author_id endorsement.user_id project.author_id status_update.author_id verification.user_id"
    said += " proposal.author_id proposal.saved_by proposal_endorsement.user_id proposal_revision.author_id"
    official = (
        "round_ballot.announced_by round_ballot.asked_by theme_promotion.by "
        "proposal.hidden_by "
        "check_in.checked_in_by check_in.documents_by check_in.paper_given_by desk_request.decided_by desk_request.requested_by "
        "key_ending.stated_by paper_batch.confirmed_by paper_batch.drop_requested_by paper_batch.dropped_by "
        "paper_batch.opened_by paper_difference.agreed_by paper_difference.stated_by "
        "paper_keying.keyed_by station.opened_by tally_release.chosen_by "
        "comment.hidden_by cycle.created_by cycle.list_approved_by cycle.list_requested_by cycle_hold.lifted_by "
        "cycle_hold.placed_by personal_data_access.actor_id personal_data_access.user_id review.assigned_by "
        "count_task.requested_by review.decided_by review.reviewer_id supplement.asked_by tally_run.requested_by verification.granted_by"
    )
    said += " post.author_id post_support.user_id statement_vote.user_id report.reporter_id appeal.author_id attachment.owner_id"
    said += " forum.submitted_by forum_choice.user_id round_participant.user_id"
    gone += " forum_expert forum_moderator group_member"
    official += (
        " annotation_uptake.by answer_batch.created_by answer_batch.published_by appeal.against_id appeal.decided_by"
        " campaign.created_by commitment_update.by dated_setting.by forum.created_by moderation_decision.by"
        " outside_link.created_by participant_group.created_by post.hidden_by proposal_answer.drafted_by"
        " proposal_answer.published_by proposal_due_extension.by report.settled_by round_extension.by"
        " round_hold.held_by round_hold.lifted_by round_summary.by synthesis_revision.by"
    )
    notices = {"notice.by_id", "notice.recipient_id", "notice_mail.user_id", "notice_preference.user_id"}
    decided = {f"{table}.user_id" for table in gone.split()} | notices | emptied | {*said.split(), *official.split()}
    assert named == decided, "decide in services/accounts/leaving.py what erasure does to it, then say so here"


def test_sweeping_takes_what_is_over_and_nothing_else(session: Session) -> None:
    import time_machine

    start = clock.now()
    living = full_account(session)
    join(session, "never@example.org")
    ended = sessions.start(session, living, device="Firefox", limits=LIMITS)
    session.flush()
    with time_machine.travel(start + timedelta(days=6), tick=False):
        accounts.sweep(session)
        assert session.scalar(select(func.count()).where(User.email == "never@example.org")) == 1
    with time_machine.travel(start + timedelta(days=8), tick=False):
        join(session, "fresh@example.org")
        accounts.sweep(session)
        assert session.scalar(select(func.count()).where(User.email == "never@example.org")) == 0
        assert session.scalar(select(func.count()).where(User.email == "fresh@example.org")) == 1
        assert session.scalars(select(EmailToken.email)).all() == ["fresh@example.org"]
        assert session.scalar(select(func.count()).where(LoginSession.user_id == living.id)) == 2
    with time_machine.travel(start + timedelta(days=121), tick=False):
        accounts.sweep(session)
    assert not session.scalars(select(LoginSession)).all()
    assert session.scalar(select(func.count()).where(User.id == living.id)) == 1
    assert ended
