"""Comments go on behind 더 보기, for whoever has no scripts too."""

import re

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.models.base import new_id
from civicvote.models.discussion import Post
from civicvote.services import clock
from civicvote.services.discussion import counters
from tests import factories
from tests.support import proposals


def test_the_next_page_shows_the_next_comments(client: FlaskClient, session: Session) -> None:
    writer = factories.user(session)
    made = proposals.proposal(session, writer)
    for number in range(45):
        body = f"의견{number:02}"
        session.add(Post(thread_id=made.id, author_id=writer.id, body=body, created_at=clock.now(), form_key=new_id()))
    session.flush()
    counters.recount(session)
    for sort in ("", "oldest"):
        url, seen = f"/proposals/{made.id}?sort={sort}", list[str]()
        while url:
            page = client.get(url, follow_redirects=True).get_data(as_text=True)
            seen += re.findall(r"<p>(의견\d\d)</p>", page)
            following = re.search(r'href="([^"]*posts=[^"]*)" rel="next"', page)
            url = following[1].replace("&amp;", "&") if following else ""
        assert sorted(seen) == [f"의견{number:02}" for number in range(45)], sort
