"""Who was checked in at a desk votes there and nowhere else; a voter at a station leaves with the ballot cast."""

from dataclasses import dataclass

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.models.channels import Channel, CheckIn, StationSeat
from civicvote.models.votes import Participation, Vote
from civicvote.services.voting.entrance import Refusal, Stop, Voter

ON_PAPER = Refusal(
    Stop.PERSON,
    msg(
        "현장투표소에서 종이 투표로 접수하셨습니다. 온라인으로는 투표할 수 없습니다. 잘못 접수되었다면 투표소에 알려 주십시오."
    ),
)
AT_STATION = Refusal(
    Stop.PERSON,
    msg("현장 전자투표로 접수하셨습니다. 투표소의 기기에서 투표해 주십시오. 잘못 접수되었다면 투표소에 알려 주십시오."),
)
#: Whoever holds codes could else replace ballots of people who have left: alone, and before the result unnoticed.
VOTED = Refusal(
    Stop.PERSON,
    msg("이미 투표하셨습니다. 전자투표 기기에서는 먼저 낸 투표를 바꿀 수 없습니다."),
)
ELSEWHERE = Refusal(Stop.PERSON, msg("이 투표소에서는 이 투표에 참여할 수 없습니다. 담당자에게 알려 주십시오."))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands in a vote. `channel`: what they were checked in for, None if they weren't."""

    voted: bool
    channel: Channel | None

    def refusal(self, actor: Actor, vote: Vote) -> Refusal | None:
        """Why a check-in, or the lack of one, keeps the actor from casting here; None if nothing does."""
        if actor.station_id is not None:
            if self.channel is not Channel.STATION or actor.vote_id != vote.id:
                return ELSEWHERE
            return VOTED if self.voted else None
        if self.channel is None:
            return None
        return ON_PAPER if self.channel is Channel.PAPER else AT_STATION


def standing(session: Session, vote: Vote, who: Voter) -> Standing:
    """One statement. A cast asks under the slot's lock, which `channels.desk.check_in` holds too."""
    channel = select(CheckIn.channel).where(
        CheckIn.vote_id == vote.id, CheckIn.person_id == who.person_id, CheckIn.taken_back_at.is_(None)
    )
    voted = exists().where(Participation.vote_id == vote.id, Participation.person_id == who.person_id)
    row = session.execute(select(voted, channel.scalar_subquery())).one()
    return Standing(bool(row[0]), Channel(row[1]) if row[1] else None)


def leave(session: Session, actor: Actor) -> None:
    """The voter at a station is done: nothing can be cast from that seat any more."""
    if actor.station_id is not None:
        session.execute(delete(StationSeat).where(StationSeat.station_id == actor.station_id))
