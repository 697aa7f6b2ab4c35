"""The picture that messengers and social networks show beside a shared proposal."""

from hashlib import sha256
from uuid import UUID

from flask import make_response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain import districts
from civicvote.services.projects.writing import CATEGORIES
from civicvote.services.proposals import sharing
from civicvote.views.proposals.blueprint import bp
from civicvote.web import share_picture
from civicvote.web.access import public, settings
from civicvote.web.i18n import language, say

#: Seconds a copy is good for: a title may still be changed.
KEPT = 3600


@bp.get("/proposals/<uuid:proposal_id>/share.png")
@public
def share(proposal_id: UUID) -> ResponseReturnValue:
    """1200 × 630, drawn when somebody asks who doesn't have it yet. It holds nothing that changes by itself."""
    face = sharing.face(session(), proposal_id)
    category = say(CATEGORIES.get(face.category, face.category)) if face.category else ""
    place = districts.name_of(face.district, language())
    words = share_picture.Words(
        site=settings().called(language()),
        head=_("시민제안 %(n)s호", n=face.number),
        title=face.title,
        foot=" · ".join(part for part in (category, place) if part),
    )
    tag = sha256(repr((share_picture.DESIGN, words)).encode()).hexdigest()[:32]
    known = request.if_none_match.contains(tag)
    response = make_response(b"" if known else share_picture.draw(words), 304 if known else 200)
    response.content_type = "image/png"
    response.set_etag(tag)
    response.headers["Cache-Control"] = f"public, max-age={KEPT}"
    return response
