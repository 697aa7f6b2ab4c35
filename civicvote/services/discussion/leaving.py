"""What an account said: for its owner's download. What it said stays when it leaves, under nobody's name."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from civicvote.models.discussion import Appeal, Post, PostSupport, Report, StatementVote, Thread, Watch
from civicvote.models.files import Attachment
from civicvote.services.records import rows


def given(session: Session, user_id: UUID) -> dict[str, Any]:
    """Posts of every kind, what the account supported, answered, reported, appealed against, follows, and its files."""
    said = "id kind state title body stance created_at hidden_at hidden_reason"
    post = [getattr(Post, name) for name in said.split()]
    to_post = [(Post, Post.id == PostSupport.post_id)]
    to_statement = [(Post, Post.id == StatementVote.post_id)]
    to_thread = [(Thread, Thread.id == Watch.subject_id)]
    answered = (StatementVote.post_id, Post.body.label("statement"), StatementVote.value, StatementVote.at)
    reported = (Report.post_id, Report.proposal_id, Report.code, Report.note, Report.created_at, Report.upheld)
    appealed = (Appeal.post_id, Appeal.proposal_id, Appeal.text, Appeal.created_at, Appeal.upheld, Appeal.answer)
    file = (Attachment.id, Attachment.name, Attachment.alt, Attachment.size, Attachment.created_at)
    supported = (PostSupport.post_id, Post.body.label("post"), PostSupport.at)
    followed = (Watch.subject_id, Thread.title, Watch.at)
    return {
        "posts": rows(session, post, Post.author_id == user_id),
        "posts_supported": rows(session, supported, PostSupport.user_id == user_id, start=PostSupport, joins=to_post),
        "statements_answered": rows(
            session, answered, StatementVote.user_id == user_id, start=StatementVote, joins=to_statement
        ),
        "reports": rows(session, reported, Report.reporter_id == user_id),
        "appeals": rows(session, appealed, Appeal.author_id == user_id),
        "things_followed": rows(session, followed, Watch.user_id == user_id, start=Watch, joins=to_thread),
        "files": rows(session, file, Attachment.owner_id == user_id, Attachment.removed_at.is_(None)),
    }
