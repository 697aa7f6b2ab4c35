"""Whom to tell: officials by what they may do, a department's people, and everybody who has to do with a forum or round."""

from uuid import UUID

from sqlalchemy import Select, select, union

from civicvote.domain.deliberation import Audience
from civicvote.domain.permissions import GRANTS, Permission, Role
from civicvote.models.accounts import User, UserRole
from civicvote.models.deliberation import Forum, ForumChoice, ForumModerator, GroupMember, Round, RoundParticipant
from civicvote.models.discussion import Watch


def holders(permission: Permission) -> Select[UUID]:
    """Accounts with an official role that grants something, to be run by `notices.tell`."""
    roles = [role for role in Role if permission in GRANTS[role] and role is not Role.SYSTEM]
    return select(UserRole.user_id).where(UserRole.role.in_(roles)).distinct()


def department_people(department_id: UUID | None) -> Select[UUID]:
    """Accounts that work for a department."""
    return (
        select(UserRole.user_id)
        .join(User, User.id == UserRole.user_id)
        .where(UserRole.role == Role.DEPARTMENT, User.department_id == department_id)
    )


def concerned(forum: Forum) -> Select[UUID]:
    """Everybody who follows a forum, took part in it, or said what they think."""
    taken = (
        select(RoundParticipant.user_id)
        .join(Round, Round.id == RoundParticipant.round_id)
        .where(Round.forum_id == forum.id)
    )
    everybody = union(
        select(Watch.user_id).where(Watch.subject_id == forum.id),
        select(ForumChoice.user_id).where(ForumChoice.forum_id == forum.id),
        taken,
    ).subquery()
    return select(everybody.c.user_id)


def runners(forum: Forum) -> Select[UUID]:
    """The moderators named for a forum, and staff who approve forums."""
    named = select(ForumModerator.user_id).where(ForumModerator.forum_id == forum.id)
    everybody = union(named, holders(Permission.FORUM_APPROVE)).subquery()
    return select(everybody.c.user_id)


def audience_of(found: Round, *, taken: bool) -> Select[UUID]:
    """Who hears of a round: its group's members alone, else the forum's followers; `taken`: and who took part in it."""
    if found.audience is Audience.GROUP:
        return select(GroupMember.user_id).where(GroupMember.group_id == found.group_id)
    followers = select(Watch.user_id).where(Watch.subject_id == found.forum_id)
    if not taken:
        return followers
    part = select(RoundParticipant.user_id).where(RoundParticipant.round_id == found.id)
    everybody = union(followers, part).subquery()
    return select(everybody.c.user_id)
