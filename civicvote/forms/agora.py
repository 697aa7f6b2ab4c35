"""What 오늘의공론장 carries in its address, and the form of an outside link."""

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Optional

from civicvote.domain import districts
from civicvote.domain.agora import OpenKind
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import SeoulDateTimeField
from civicvote.forms.projects import Measured
from civicvote.models.agora import OutsideLink
from civicvote.services.agora import Filters, LinkDraft, links
from civicvote.web.i18n import language


def filters_from(args: MultiDict[str, str]) -> Filters:
    """The list's filters; what isn't understood is left out."""
    kind, district = args.get("kind", ""), args.get("district", "")
    return Filters(
        kind=OpenKind(kind) if kind in set(OpenKind) else None,
        district=district if districts.is_district(district) else "",
        mine=args.get("mine") == "1",
    )


class LinkForm(BaseForm):
    """A place to take part outside this site."""

    title = StringField(
        _l("제목"),
        validators=[DataRequired(_l("제목을 써 주십시오.")), Measured(2, links.TITLE_MAX)],
    )
    host = StringField(
        _l("운영하는 곳"),
        validators=[DataRequired(_l("운영하는 곳을 써 주십시오.")), Measured(1, links.HOST_MAX)],
    )
    url = StringField(_l("주소"), validators=[DataRequired(_l("주소를 써 주십시오."))])
    summary = StringField(_l("한 줄 설명"), validators=[Optional(), Measured(0, links.SUMMARY_MAX)])
    district = SelectField(_l("자치구"), validators=[Optional()], validate_choice=False)
    opens_at = SeoulDateTimeField(_l("시작"), validators=[InputRequired(_l("시작하는 때를 적어 주십시오."))])
    closes_at = SeoulDateTimeField(_l("끝"), validators=[InputRequired(_l("끝나는 때를 적어 주십시오."))])

    def offer(self) -> None:
        """Fill the select."""
        self.district.choices = [("", districts.name_of(None, language())), *districts.choices(language())]

    def show(self, found: OutsideLink) -> None:
        """Fill in what is stored."""
        for name in ("title", "host", "url", "summary", "opens_at", "closes_at"):
            self[name].data = getattr(found, name)
        self.district.data = found.district or ""

    def draft(self) -> LinkDraft:
        """What was written; call it after the form validated."""
        assert self.opens_at.data is not None
        assert self.closes_at.data is not None
        return LinkDraft(
            title=self.title.data or "",
            host=self.host.data or "",
            url=self.url.data or "",
            opens_at=self.opens_at.data,
            closes_at=self.closes_at.data,
            summary=self.summary.data or "",
            district=self.district.data or "",
        )
