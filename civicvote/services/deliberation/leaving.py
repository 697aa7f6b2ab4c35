"""What an account gave to 공론장: for its owner's download, and what goes when they leave."""

from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from civicvote.models.accounts import User
from civicvote.models.deliberation import (
    Forum,
    ForumChoice,
    ForumExpert,
    ForumModerator,
    ForumOption,
    GroupMember,
    ParticipantGroup,
    Round,
    RoundParticipant,
)
from civicvote.services.records import rows


def given(session: Session, user_id: UUID) -> dict[str, Any]:
    """What the account thinks, chose, took part in, and which groups it is in."""
    to_forum = (Forum, Forum.id == ForumChoice.forum_id)
    choice = (ForumChoice.forum_id, Forum.title.label("forum"), ForumChoice.at)
    mine = ForumChoice.user_id == user_id
    stances = rows(
        session,
        (*choice, ForumChoice.stance),
        mine,
        ForumChoice.stance.is_not(None),
        start=ForumChoice,
        joins=[to_forum],
    )
    chosen = rows(
        session,
        (*choice, ForumOption.text.label("option")),
        mine,
        start=ForumChoice,
        joins=[to_forum, (ForumOption, ForumOption.id == ForumChoice.option_id)],
    )
    taken = rows(
        session,
        (RoundParticipant.round_id, Round.title.label("round"), RoundParticipant.at),
        RoundParticipant.user_id == user_id,
        start=RoundParticipant,
        joins=[(Round, Round.id == RoundParticipant.round_id)],
    )
    groups = rows(
        session,
        (ParticipantGroup.name,),
        GroupMember.user_id == user_id,
        start=GroupMember,
        joins=[(ParticipantGroup, ParticipantGroup.id == GroupMember.group_id)],
    )
    return {
        "forum_stances": stances,
        "forum_choices": chosen,
        "forum_rounds_taken_part_in": taken,
        "forum_groups": groups,
    }


def forget(session: Session, user: User) -> None:
    """Before an account is emptied: its places in groups and teams go; what it thought stays counted, under nobody's name."""
    for table in (GroupMember, ForumModerator, ForumExpert):
        session.execute(delete(table).where(table.user_id == user.id).execution_options(synchronize_session=False))
