"""Writing together: the author's page, and what somebody with a link sees and answers."""

from uuid import UUID

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import reader, session
from civicvote.forms.proposals.authors import InvitationForm
from civicvote.services.proposals import authors as writers
from civicvote.services.proposals import reading
from civicvote.views.proposals.blueprint import bp
from civicvote.web import login
from civicvote.web.access import current_actor, public
from civicvote.web.render import done, page


def _desk(proposal_id: UUID, form: InvitationForm, status: int = 200) -> ResponseReturnValue:
    desk = writers.desk(session(), current_actor(), proposal_id)
    return page(
        "proposals/authors.html",
        status=status,
        form=form,
        desk=desk,
        p=desk.proposal,
        gone=reading.GONE,
        days=writers.LIFETIME.days,
        most=writers.MOST,
    )


@bp.get("/proposals/<uuid:proposal_id>/authors")
def authors(proposal_id: UUID) -> ResponseReturnValue:
    """Who writes along, and who is invited."""
    return _desk(proposal_id, InvitationForm(formdata=None))


@bp.post("/proposals/<uuid:proposal_id>/authors")
def invite(proposal_id: UUID) -> ResponseReturnValue:
    """Send a link to an address."""
    form = InvitationForm()
    writers.desk(session(), current_actor(), proposal_id)
    if form.validate():
        with form.refusing() as ok:
            writers.invite(
                session(),
                current_actor(),
                proposal_id,
                email=form.email.data or "",
                link=lambda token: login.link("proposals.invitation", token=token),
            )
        if ok:
            flash(_("초대 메일을 보냈습니다. 받은 분이 링크를 열어 수락하면 공동제안자가 됩니다."), "success")
            return done(url_for("proposals.authors", proposal_id=proposal_id))
    return _desk(proposal_id, form, 422)


@bp.post("/proposals/<uuid:proposal_id>/authors/invitations/<uuid:invitation_id>/take-back")
def take_back(proposal_id: UUID, invitation_id: UUID) -> ResponseReturnValue:
    """End an invitation that nobody has answered."""
    writers.take_back(session(), current_actor(), proposal_id, invitation_id)
    flash(_("초대를 거두었습니다. 보낸 링크는 더 쓸 수 없습니다."), "success")
    return done(url_for("proposals.authors", proposal_id=proposal_id))


@bp.post("/proposals/<uuid:proposal_id>/authors/<uuid:user_id>/remove")
def remove(proposal_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """The author lets a co-author go."""
    writers.remove(session(), current_actor(), proposal_id, user_id)
    flash(_("공동제안자에서 뺐습니다."), "success")
    return done(url_for("proposals.authors", proposal_id=proposal_id))


@bp.post("/proposals/<uuid:proposal_id>/authors/leave")
def leave(proposal_id: UUID) -> ResponseReturnValue:
    """A co-author steps back."""
    writers.leave(session(), current_actor(), proposal_id)
    flash(_("공동제안자에서 물러났습니다. 쓰신 내용은 제안에 남아 있습니다."), "success")
    return done(url_for("home.mine"))


@bp.get("/proposals/invitations/<token>")
@public
def invitation(token: str) -> ResponseReturnValue:
    """What somebody with a link sees, with an account or without."""
    found = writers.look(reader(), writers.by_link(token))
    return page(
        "proposals/invitation.html",
        i=found,
        here=url_for("proposals.invitation", token=token),
        accept=url_for("proposals.accept", token=token),
        decline=url_for("proposals.decline", token=token),
    )


@bp.get("/proposals/invited/<uuid:invitation_id>")
def invited(invitation_id: UUID) -> ResponseReturnValue:
    """The same for whoever was told in their inbox."""
    found = writers.look(reader(), writers.by_address(reader(), current_actor(), invitation_id))
    return page(
        "proposals/invitation.html",
        i=found,
        here=url_for("proposals.invited", invitation_id=invitation_id),
        accept=url_for("proposals.answer_invited", invitation_id=invitation_id, answer="accept"),
        decline=url_for("proposals.answer_invited", invitation_id=invitation_id, answer="decline"),
    )


@bp.post("/proposals/invited/<uuid:invitation_id>/<any(accept, decline):answer>")
def answer_invited(invitation_id: UUID, answer: str) -> ResponseReturnValue:
    """Yes or no by whoever was told in their inbox."""
    which = writers.by_address(session(), current_actor(), invitation_id)
    return _joined(which) if answer == "accept" else _declined(which)


@bp.post("/proposals/invitations/<token>/accept")
def accept(token: str) -> ResponseReturnValue:
    """Write along."""
    return _joined(writers.by_link(token))


@bp.post("/proposals/invitations/<token>/decline")
@public
def decline(token: str) -> ResponseReturnValue:
    """No, thank you."""
    return _declined(writers.by_link(token))


def _joined(which: writers.Which) -> ResponseReturnValue:
    proposal_id = writers.accept(session(), current_actor(), which)
    flash(_("공동제안자가 되셨습니다. 이제 이 제안을 함께 고칠 수 있습니다."), "success")
    return done(url_for("proposals.detail", proposal_id=proposal_id))


def _declined(which: writers.Which) -> ResponseReturnValue:
    writers.decline(session(), current_actor(), which)
    flash(_("초대를 사양했습니다."), "success")
    return done("/")
