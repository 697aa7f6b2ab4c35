"""Forms of desks, paper and stations. Who may vote and what a line means, the rules say; here only how long it may be."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from civicvote.domain import districts
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.paper import VOID_REASONS
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import WholeField, clean_input, options
from civicvote.forms.verification import DocumentsForm
from civicvote.models.channels import Channel, PaperKind
from civicvote.services.channels import Claim, Sheet
from civicvote.services.verification import BASES, Namesake
from civicvote.web.i18n import language, say

_NEEDED = _l("입력해 주십시오.")
_CHOOSE = _l("골라 주십시오.")
_TOO_LONG = _l("너무 깁니다. %(max)d자까지 쓸 수 있습니다.")
_PAPERS = _l("1에서 2000까지의 수를 적어 주십시오.")


def _line(label: Any, description: Any = "", *, maximum: int = 60, **attrs: str) -> StringField:
    attrs.setdefault("autocomplete", "off")
    limits = [Optional(), Length(max=maximum, message=_TOO_LONG)]
    return StringField(label, limits, description=description, render_kw=attrs)


class ClaimForm(DocumentsForm):
    """Whom the clerk has in front of them: first to find, then with a channel to check in."""

    name = _line(_l("이름"), _l("신분증에 적힌 대로"))
    birth_date = _line(_l("생년월일"), _l("예: 1990-05-17. 주민등록번호 뒷자리는 적지 않습니다."))
    phone = _line(_l("전화번호"), _l("예: 010-1234-5678"), type="tel")
    email = _line(
        _l("또는 계정의 이메일"), _l("온라인으로 본인확인을 마친 분"), maximum=254, type="email", inputmode="email"
    )
    basis = SelectField(_l("서울과의 관계"), [Optional()], description=_l("서류로 본 것을 고릅니다."))
    channel = RadioField(
        _l("투표 방법"),
        [Optional()],
        choices=options([(Channel.PAPER.value, _l("종이 투표")), (Channel.STATION.value, _l("전자투표(투표소 기기)"))]),
        default="paper",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bases = [(key, say(label)) for key, label in BASES.items()]
        self.basis.choices = options([("", _l("골라 주십시오")), *bases])
        self.district.choices = options([("", _l("골라 주십시오")), *districts.choices(language())])

    def claim(self) -> Claim:
        """What the clerk typed, for the service."""
        return Claim(
            email=self.email.data or "",
            name=self.name.data or "",
            birth_date=self.birth_date.data or "",
            phone=self.phone.data or "",
            basis=self.basis.data or "",
            district=self.district.data or "",
            guardian_consents=self.guardian.data,
            namesake=Namesake(self.namesake.data or ""),
        )

    def person(self) -> Claim:
        """The same without documents: whom to show again beside what was refused."""
        return replace(self.claim(), basis="", district="")

    def refuse(self, error: InvalidError) -> None:
        """Say it once: who was refused is looked up again for the page, and may be refused alike."""
        target: Any = self._fields.get(error.field or "")
        if target is None or say(error.message) not in target.errors:
            super().refuse(error)

    @property
    def wanted(self) -> Channel:
        """The channel the person asked for."""
        return Channel(self.channel.data or "paper")


class ReasonForm(BaseForm):
    """Why one clerk asks another."""

    reason = TextAreaField(
        _l("사유"),
        [DataRequired(_NEEDED), Length(max=200, message=_TOO_LONG)],
        filters=[clean_input],
        description=_l("다른 담당자가 이 사유를 보고 승인합니다. 개인정보는 적지 마십시오."),
    )


class StationForm(BaseForm):
    """A tablet's name."""

    name = StringField(
        _l("기기 이름"),
        [DataRequired(_NEEDED), Length(max=60, message=_TOO_LONG)],
        description=_l("예: 종로구청 1번 기기"),
        render_kw={"autocomplete": "off"},
    )


class CodeForm(BaseForm):
    """The code a voter was given at the desk."""

    code = StringField(
        _l("투표 코드"),
        [DataRequired(_NEEDED), Length(max=300, message=_TOO_LONG)],
        description=_l("접수대에서 받은 여덟 자리를 입력하십시오. 대문자와 소문자는 같습니다."),
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )


class BatchForm(BaseForm):
    """A box or bundle of paper."""

    place = StringField(
        _l("투표소"),
        [DataRequired(_NEEDED), Length(max=60, message=_TOO_LONG)],
        description=_l("투표지가 나온 곳. 게시판에 공개됩니다."),
        render_kw={"autocomplete": "off"},
    )
    district = SelectField(_l("투표용지"), [Optional()], description=_l("한 묶음에는 같은 투표용지만 넣습니다."))
    papers = WholeField(
        _l("손으로 센 장수"),
        [InputRequired(_PAPERS), NumberRange(1, 2000, _PAPERS)],
        render_kw={"inputmode": "numeric", "type": "text", "autocomplete": "off"},
    )

    def __init__(self, *args: Any, codes: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(code, districts.name_of(code, language())) for code in codes]
        self.district.choices = options([("", _l("서울 전체 사업만 있는 투표용지")), *names])


class PapersForm(BaseForm):
    """The count by hand put right."""

    papers = WholeField(
        _l("다시 센 장수"),
        [InputRequired(_PAPERS), NumberRange(1, 2000, _PAPERS)],
        render_kw={"inputmode": "numeric", "type": "text", "autocomplete": "off"},
    )
    reason = StringField(
        _l("사유"), [DataRequired(_NEEDED), Length(max=200, message=_TOO_LONG)], render_kw={"autocomplete": "off"}
    )


class SheetForm(BaseForm):
    """One sheet of paper. Which button was pressed says what it is; Enter presses the first."""

    paper = HiddenField()
    picks = StringField(
        _l("고른 번호"),
        [Optional(), Length(max=2000, message=_TOO_LONG)],
        render_kw={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters", "autofocus": True},
    )
    reason = SelectField(_l("무효로 한 이유"), [Optional()])
    kind = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons = [(key, say(words)) for key, words in VOID_REASONS.items()]
        self.reason.choices = options([("", _l("골라 주십시오")), *reasons])

    def validate(self, extra_validators: Any = None) -> bool:
        """A sheet that came with none of the three buttons isn't taken for a valid one."""
        valid = bool(super().validate(extra_validators))
        if self.kind.data in set(PaperKind):
            return valid
        self.refuse(InvalidError(msg("‘저장하고 다음 장’, ‘백지’, ‘무효’ 가운데 하나를 눌러 주십시오.")))
        return False

    def sheet(self) -> Sheet:
        """What was keyed, for the service once it is valid; a number nobody has asked for is 0."""
        number = self.paper.data or ""
        kind = self.kind.data if self.kind.data in set(PaperKind) else PaperKind.VALID
        return Sheet(
            paper=int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0,
            kind=PaperKind(kind),
            text=self.picks.data or "",
            reason=self.reason.data or "",
        )


class DifferenceForm(BaseForm):
    """Why there are more sheets than were handed out. How many, the records say."""

    reason = TextAreaField(
        _l("사유"),
        [DataRequired(_NEEDED), Length(max=200, message=_TOO_LONG)],
        filters=[clean_input],
        description=_l(
            "확정하면 공개 게시판에 그대로 오릅니다. 개인정보는 적지 마십시오. 예: 두 장이 겹쳐 교부된 것으로 보임"
        ),
    )


class DecisionForm(BaseForm):
    """Yes or no to what another clerk asked."""

    approve = HiddenField(validators=[InputRequired(_CHOOSE)])
    #: "desk": pressed in the desk's list, where the clerk goes on.
    back = HiddenField()

    @property
    def yes(self) -> bool:
        """Whether it is approved."""
        return bool(self.approve.data == "yes")
