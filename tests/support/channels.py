"""A vote with a desk in one line: clerks, people with and without accounts, batches keyed by two."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.ballots.receipts import Receipt
from civicvote.domain.permissions import Actor, Role
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.models.channels import Channel, CheckIn, PaperKind
from civicvote.services import channels, clock, voting
from civicvote.services.channels.keying import Sheet
from tests import factories
from tests.support.voting import Polls, form_key, polls, voter

LATER = timedelta(minutes=2)


@dataclass
class Hall:
    """A polling place: an open vote, two clerks, and the keys."""

    session: Session
    made: Polls
    keys: KeyStore
    users: tuple[User, User]
    first: Actor
    second: Actor
    #: The cookies of the stations that were opened, as they were then.
    tokens: dict[UUID, str] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return self.made.slug

    def come(self, actor_user: User, channel: Channel = Channel.PAPER, *, clerk: Actor | None = None) -> CheckIn:
        """Somebody with an account is checked in."""
        assert actor_user.email
        return self.check_in(channels.Claim(email=actor_user.email), channel, clerk=clerk)

    def check_in(
        self, claim: channels.Claim, channel: Channel = Channel.PAPER, *, clerk: Actor | None = None
    ) -> CheckIn:
        return channels.check_in(
            self.session,
            clerk or self.first,
            self.slug,
            claim,
            channel,
            keys=self.keys,
            arrived=clock.now(),
            address="192.0.2.1",
        )

    def come_after_casting(self) -> tuple[CheckIn, str]:
        """Somebody who had voted online stands at the desk and wants paper; the tracker of that ballot."""
        user, actor = voter(self.session)
        receipt = self.cast(actor, "A1")
        return self.come(user), receipt.tracker

    def decide(self, check_in: CheckIn, clerk: Actor, *, approve: bool = True) -> None:
        """Yes or no to what was asked about a check-in."""
        channels.decide(self.session, clerk, self.slug, check_in.id, approve=approve, keys=self.keys)

    def hand_out(self, check_in: CheckIn, clerk: Actor | None = None) -> CheckIn:
        return channels.hand_out(self.session, clerk or self.first, self.slug, check_in.id, keys=self.keys)

    def papers(self, count: int, *, district: str | None = "11110") -> list[CheckIn]:
        """So many people came and have a paper in their hands."""
        given = []
        for _ in range(count):
            user, _actor = voter(self.session, district=district)
            made = self.come(user)
            given.append(channels.hand_out(self.session, self.first, self.slug, made.id, keys=self.keys))
        return given

    def cast(self, actor: Actor, *picks: str) -> Receipt:
        return voting.cast(self.session, actor, self.slug, picks, key=form_key(), arrived=clock.now(), keys=self.keys)

    def batch(self, papers: int, *, district: str = "11110", place: str = "종로 투표소") -> int:
        opened = channels.open_batch(self.session, self.first, self.slug, place=place, district=district, papers=papers)
        return opened.number

    def key(self, actor: Actor, number: int, lines: Sequence[str], *, finish: bool = True) -> None:
        """Key a whole batch: "" is a blank sheet, "x" one that is void."""
        for place, line in enumerate(lines, 1):
            self.sheet(actor, number, place, line)
        if finish:
            channels.finish(self.session, actor, self.slug, number)

    def sheet(self, actor: Actor, number: int, paper: int, line: str) -> int:
        kind = {"": PaperKind.BLANK, "x": PaperKind.VOID}.get(line, PaperKind.VALID)
        return channels.key(self.session, actor, self.slug, number, Sheet(paper, kind, line, "unclear"), keys=self.keys)

    def confirm(self, number: int, actor: Actor | None = None) -> None:
        channels.confirm(self.session, actor or self.second, self.slug, number, keys=self.keys)

    def station(self, name: str = "1번 기기") -> channels.StationFound:
        """A station that is on."""
        token = channels.open_station(self.session, self.first, self.slug, name=name)
        found = channels.find(self.session, token)
        assert found is not None
        self.tokens[found.id] = token
        return found

    def at(self, station: channels.StationFound) -> channels.StationFound:
        """The station as its next request sees it."""
        self.session.flush()
        found = channels.find(self.session, self.tokens[station.id])
        assert found is not None
        return found

    def code(self, check_in: CheckIn) -> str:
        return channels.issue_code(
            self.session, self.first, self.slug, check_in.id, arrived=clock.now(), keys=self.keys
        )


def hall(session: Session, keys: KeyStore, **values: Any) -> Hall:
    """`values` are the vote's, as in `polls`."""
    users = factories.user(session, Role.STAFF, name="김접수"), factories.user(session, Role.STAFF, name="이확인")
    made = polls(session, keys, **values)
    first, second = (factories.actor(user, Role.STAFF) for user in users)
    return Hall(session, made, keys, users, first, second)


def document(name: str = "", **values: Any) -> channels.Claim:
    """Somebody without an account, with papers that say 종로구."""
    values.setdefault("phone", f"010{uuid4().int % 10**8:08}")
    return channels.Claim(
        name=name or "강나루", birth_date="1981-03-02", **({"basis": "residence", "district": "11110"} | values)
    )


def living(session: Session) -> list[CheckIn]:
    return list(session.scalars(select(CheckIn).where(CheckIn.taken_back_at.is_(None)).order_by(CheckIn.number)))
