"""Forms of the counting page."""

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import SelectField, TextAreaField
from wtforms.validators import DataRequired, Length

from civicvote.forms.base import BaseForm


class OpenedForm(BaseForm):
    """What the offline machine gave back."""

    opened = FileField(
        _l("개표 결과 파일"),
        description=_l("오프라인 컴퓨터에서 civicvote count로 만든 JSON 파일입니다."),
        validators=[FileRequired(_l("파일을 골라 주십시오."))],
    )


class ApprovalForm(BaseForm):
    """The second person's own copy of the file, where the key is in shares."""

    opened = FileField(
        _l("직접 받은 개표 결과 파일"),
        description=_l(
            "열쇠 보관자에게서 직접 받은 opened.json입니다. 먼저 올라온 파일과 한 글자라도 다르면 공표하지 않습니다."
        ),
    )

    @property
    def content(self) -> bytes | None:
        """What was sent; None without a file."""
        return self.opened.data.read() if self.opened.data else None


class DiscardForm(BaseForm):
    """Why a count is sent back."""

    reason = TextAreaField(
        _l("반려 이유"),
        description=_l("개표 기록에 남습니다. 무엇이 달랐는지 적어 주십시오."),
        validators=[
            DataRequired(_l("이유를 적어 주십시오.")),
            Length(max=1000, message=_l("1,000자까지 적을 수 있습니다.")),
        ],
    )


class EndingForm(BaseForm):
    """One person's word that a key is destroyed."""

    how = TextAreaField(
        _l("무엇을 어떻게 폐기했습니까?"),
        description=_l("감사기록과 함께 남습니다. 예: 조각 5개를 회수해 입회인 앞에서 파쇄함."),
        validators=[
            DataRequired(_l("폐기한 내용을 적어 주십시오.")),
            Length(max=1000, message=_l("1,000자까지 적을 수 있습니다.")),
        ],
    )


class CorrectionForm(BaseForm):
    """What is put right about a project while people vote."""

    project = SelectField(_l("사업"), validators=[DataRequired(_l("사업을 골라 주십시오."))])
    text = TextAreaField(
        _l("바로잡는 내용"),
        description=_l(
            "무엇이 어떻게 잘못되었고 무엇이 맞는지 적습니다. 게시판에 그대로 오르고, 참여한 모든 분께 알림이 갑니다."
        ),
        validators=[
            DataRequired(_l("바로잡는 내용을 적어 주십시오.")),
            Length(max=2000, message=_l("2,000자까지 적을 수 있습니다.")),
        ],
    )
