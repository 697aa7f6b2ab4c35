"""What notices say, and when their mail may leave."""

from datetime import UTC, date, datetime

import pytest

from civicvote.domain.messages import Message
from civicvote.domain.notices import (
    ASKED_FOR,
    GROUPS,
    MAIL_MODES,
    SORTS,
    MailMode,
    NoticeKind,
    choices,
    hours,
    sentence,
)
from tests.support.notices import at

K = NoticeKind


def test_every_kind_has_a_default_that_may_be_chosen_a_group_and_words() -> None:
    assert set(SORTS) == set(NoticeKind)
    assert {sort.group for sort in SORTS.values()} == set(GROUPS)
    assert set(MAIL_MODES) == set(MailMode)
    for kind, sort in SORTS.items():
        assert sort.default in choices(kind)
        assert (MailMode.OFF in choices(kind)) is not sort.needed
        assert "보행등" in str(sentence(kind, {"title": "보행등"}).text)
    assert {K.APPEAL_DECIDED} == ASKED_FOR


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"title": None, "reason": 7, "due": "soon", "state": [], "verdict": "?", "count": "x", "name": {}, "new": 1},
        {"title": "50% 할인", "due": "2026-13-01", "count": True, "state": "no-such", "department": ""},
        {"title": "%(name)s", "due": "2026-01-01T00:00:00"},
    ],
)
def test_whatever_a_payload_holds_the_sentence_is_whole(kind: NoticeKind, payload: dict[str, object]) -> None:
    words = sentence(kind, payload, "/somewhere")
    for message in (words.text, *words.lines):
        assert "%(" not in str(message).replace("%(name)s", "", 1) or payload.get("title") == "%(name)s"
        assert "None" not in str(message)
    assert not words.lines


def test_what_is_known_is_said() -> None:
    said = {
        (K.THRESHOLD_REACHED, "count", 1500): "「보행등」에 1,500명이 공감하여 기준을 채웠습니다.",
        (K.DEPARTMENT_ASSIGNED, "department", "도로과"): "「보행등」의 담당 부서가 정해졌습니다: 도로과",
        (K.ANSWERED, "verdict", "accepted"): "「보행등」의 답변이 공개되었습니다: 수용",
        (K.ANSWERED, "verdict", "not_reflected"): "「보행등」의 답변이 공개되었습니다: 미반영",
        (K.ANSWERED, "verdict", "일부반영"): "「보행등」의 답변이 공개되었습니다: 일부반영",
        (K.WORK_WAITS, "work", "assign"): "담당 부서를 정해 주십시오: 「보행등」",
        (K.WORK_WAITS, "move", "no-such"): "처리를 기다리는 일이 있습니다: 「보행등」",
        (K.ROUND_OPENED, "round", "의견수렴"): "「보행등」의 ‘의견수렴’ 참여 기간이 시작되었습니다.",
        (K.REPLIED, "name", "이웃"): "이웃 님이 「보행등」에 쓰신 글에 답글을 남겼습니다.",
    }
    for (kind, name, value), words in said.items():
        assert str(sentence(kind, {"title": "보행등", name: value}).text) == words


def test_one_word_for_two_states_is_told_apart_by_the_address() -> None:
    payload = {"title": "보행등", "state": "answered"}
    label = {
        path: sentence(K.FOLLOWED_CHANGED, payload, path).text.params.get("state")
        for path in ("/proposals/1", "/forums/1", "/")
    }
    assert [str(text) if isinstance(text, Message) else text for text in label.values()] == [
        "답변 완료",
        "반영 결과 공개",
        None,
    ]
    assert str(sentence(K.FOLLOWED_CHANGED, payload, "/").text) == "「보행등」에 새 소식이 있습니다."


def test_a_move_tells_the_state_it_leads_to() -> None:
    words = sentence(K.FOLLOWED_CHANGED, {"title": "보행등", "move": "cancel"}, "/forums/1")
    assert str(words.text.params["state"]) == "취소"


def test_reasons_and_moments_stand_beside_the_sentence() -> None:
    moment = datetime(2026, 12, 24, 15, tzinfo=UTC)
    words = sentence(K.DUE_EXTENDED, {"title": "보행등", "due": moment.isoformat(), "reason": " 조사 중 "})
    assert (words.lines[0].params, words.quote) == ({"due": moment}, "조사 중")
    assert sentence(K.OVERDUE, {"title": "a", "due": "2026-12-24"}).lines[0].params == {"due": date(2026, 12, 24)}
    for name in ("due_at", "closes_at"):
        line = sentence(K.ROUND_EXTENDED, {"title": "a", name: "2026-12-24"}).lines[0]
        assert line.params == {"due": date(2026, 12, 24)}
    granted = sentence(K.APPEAL_DECIDED, {"title": "보행등", "upheld": True})
    assert "받아들여" in str(granted.lines[0])
    hidden = sentence(K.HIDDEN, {"title": "보행등", "code": "insult", "days": 14})
    assert [str(line) for line in hidden.lines] == ["욕설·비방·혐오", "이의제기는 14일 안에 하실 수 있습니다."]
    assert "신고되어" in str(sentence(K.HIDDEN, {"title": "보행등", "veiled": True}).text)
    assert sentence(K.ANNOUNCEMENT, {"title": "보행등", "text": "토요일에 만납니다."}).said == "토요일에 만납니다."


def test_the_night_is_from_nine_to_eight_in_seoul() -> None:
    nights = {(20, 59): False, (21, 0): True, (23, 59): True, (0, 0): True, (7, 59): True, (8, 0): False}
    assert {clock: hours.quiet(at(*clock)) for clock in nights} == nights
    assert hours.awake(at(20, 59)) == at(20, 59)
    assert hours.awake(at(21, 0)) == at(8, 0, day=3)
    assert hours.awake(at(0, 30)) == at(8, 0)


def test_the_gathered_letter_of_a_moment_is_the_next_morning_s() -> None:
    assert hours.next_digest(at(8, 29)) == at(8, 30)
    assert hours.next_digest(at(8, 30)) == at(8, 30, day=3)
    assert hours.next_digest(at(23, 0)) == at(8, 30, day=3)
    assert hours.day(at(0, 10)) == date(2026, 12, 2)
