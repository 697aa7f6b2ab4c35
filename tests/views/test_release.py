"""The counting page shows how unlike the ballots are, and two people say what is published."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote import db, jobs
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.counts import PublishedFile
from civicvote.settings import Settings
from tests import factories
from tests.support.elections import Count, closed_vote

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def vote(session: Session, settings: Settings) -> Count:
    return closed_vote(session, settings.keystore, people=12)


def _checked(page: str) -> list[str]:
    return [radio for radio in re.findall(r"<input[^>]*name=\"pooled\"[^>]*>", page) if "checked" in radio]


def test_nothing_is_preset_where_most_ballots_are_unique(
    signed_in: SignIn, session: Session, settings: Settings, database: db.Database
) -> None:
    vote = closed_vote(session, settings.keystore, people=3)
    url = f"/budget/{vote.slug}/count"
    with vote.over:
        first, second = (signed_in(user) for user in vote.users)
        first.post(f"{url}/seal")
        first.post(f"{url}/run")
        jobs.count(database, settings.keystore)
        own = first.get(url).get_data(as_text=True)
        assert "하나뿐인 투표지가 절반을 넘습니다" in own
        assert "공개 범위를 골라 주십시오" in own
        assert _checked(own) == []
        assert "/count/publish" not in second.get(url).get_data(as_text=True)
        early = second.post(f"{url}/publish", data={"pooled": "ballots"})
        assert early.status_code == 422
        assert "개표한 담당자가 먼저 공개 범위를 골라야" in early.get_data(as_text=True)
        assert first.post(f"{url}/release", data={}).status_code == 422
        assert first.post(f"{url}/release", data={"pooled": "ballots"}).status_code == 303
        assert len(_checked(second.get(url).get_data(as_text=True))) == 1
        assert second.post(f"{url}/publish", data={"pooled": "ballots"}).status_code == 303


def test_two_people_publish_totals_only(
    signed_in: SignIn, vote: Count, session: Session, settings: Settings, database: db.Database
) -> None:
    url = f"/budget/{vote.slug}/count"
    with vote.over:
        first, second = (signed_in(user) for user in vote.users)
        auditor = signed_in(factories.user(session, Role.AUDITOR))
        first.post(f"{url}/seal")
        first.post(f"{url}/run")
        jobs.count(database, settings.keystore)
        page = first.get(url).get_data(as_text=True)
        assert "하나뿐인 투표지" in page
        assert "/count/release" in page
        assert "개표한 담당자가 고른 공개 범위: 투표지를 한 장씩" in page
        assert first.post(f"{url}/release", data={"pooled": "nothing"}).status_code == 422
        assert first.post(f"{url}/release", data={"pooled": "totals"}).headers["Location"] == url
        shown = second.get(url).get_data(as_text=True)
        assert "개표한 담당자가 고른 공개 범위: 사업별 합계만" in shown
        assert "합계만 공개하면 시민이 무엇을 확인할 수 있습니까?" in shown
        other = second.post(f"{url}/publish", data={"pooled": "ballots"})
        assert other.status_code == 422
        assert "개표한 담당자가 고른 공개 범위와 다릅니다" in other.get_data(as_text=True)
        assert second.post(f"{url}/publish", data={"pooled": "totals"}).status_code == 303
        jobs.count(database, settings.keystore)
        assert not [name for name in session.scalars(select(PublishedFile.name)) if name.endswith(".pb")]
        assert "/count/whole-bundle" in auditor.get(url).get_data(as_text=True)
        assert "/count/whole-bundle" not in first.get(url).get_data(as_text=True)
        whole = auditor.post(f"{url}/whole-bundle")
        assert whole.headers["Content-Disposition"].startswith("attachment")
        assert whole.data[:2] == b"PK"
        assert first.post(f"{url}/whole-bundle").status_code == 403
