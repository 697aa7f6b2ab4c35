from datetime import UTC, date, datetime, timedelta

import pytest

from civicvote.domain import korean as k


@pytest.mark.parametrize(
    ("word", "pair", "result"),
    [
        ("예산", "을/를", "예산을"),
        ("제안서", "을/를", "제안서를"),
        ("제안서", "를/을", "제안서를"),
        ("시민", "이/가", "시민이"),
        ("투표", "은/는", "투표는"),
        ("강남구", "과/와", "강남구와"),
        ("동작구청", "과/와", "동작구청과"),
        ("마을", "으로/로", "마을로"),
        ("시청", "으로/로", "시청으로"),
        ("학교", "으로/로", "학교로"),
        ("물", "을/를", "물을"),
        # digits, as they are read
        ("2026", "을/를", "2026을"),
        ("3", "이/가", "3이"),
        ("2", "이/가", "2가"),
        ("7", "으로/로", "7로"),
        ("10", "으로/로", "10으로"),
        ("100", "을/를", "100을"),
        ("1,000,000", "이/가", "1,000,000이"),
        ("1000000000000", "이/가", "1000000000000가"),
        ("0", "은/는", "0은"),
        ("3.5", "와/과", "3.5와"),
        ("50%", "을/를", "50%를"),
        ("1.5km", "을/를", "1.5km를"),
        ("20kg", "을/를", "20kg을"),
        ("30㎡", "으로/로", "30㎡로"),
        # Latin letters by name, words as commonly written in Hangul
        ("CCTV", "을/를", "CCTV를"),
        ("LED", "은/는", "LED는"),
        ("URL", "으로/로", "URL로"),
        ("PM", "이/가", "PM이"),
        ("A", "와/과", "A와"),
        ("email", "을/를", "email을"),
        ("Wi-Fi", "을/를", "Wi-Fi를"),
        ("robot", "이/가", "robot이"),
        ("block", "은/는", "block은"),
        ("park", "은/는", "park는"),
        # brackets are not read, quotation marks are
        ("예산(안)", "을/를", "예산(안)을"),
        ("투표(본선)", "을/를", "투표(본선)를"),
        ("제안(1차) [수정]", "이/가", "제안(1차) [수정]이"),
        ("「공원 벤치」", "을/를", "「공원 벤치」를"),
        ("'안심길'", "이/가", "'안심길'이"),
        ("(가칭)", "은/는", "(가칭)은"),
        # nobody can tell
        ("漢字", "을/를", "漢字을(를)"),
        ("🙂", "으로/로", "🙂(으)로"),
        ("", "이/가", "이(가)"),
        ("ㄱ", "이/가", "ㄱ이"),
        ("ㅏ", "이/가", "ㅏ가"),
    ],
)
def test_particles(word: str, pair: str, result: str) -> None:
    assert k.with_particle(word, pair) == result


def test_an_unknown_pair_is_the_programmers_mistake() -> None:
    with pytest.raises(ValueError, match="no such pair"):
        k.particle("예산", "을/은")


NOON = datetime(2026, 11, 22, 6, 4, tzinfo=UTC)  # 15:04 in Seoul


def test_fixed_patterns() -> None:
    assert k.format_datetime(NOON) == "2026. 11. 22.(일) 15:04"
    assert k.format_datetime(NOON, short=True) == "11. 22.(일) 15:04"
    assert k.format_datetime(NOON, seconds=True) == "2026. 11. 22.(일) 15:04:00"
    assert k.format_datetime(NOON, "en") == "Sun 22 Nov 2026, 15:04"
    assert k.format_datetime(NOON, "en_GB", short=True) == "Sun 22 Nov, 15:04"
    assert k.format_date(date(2026, 1, 5)) == "2026. 1. 5.(월)"
    assert k.format_date(date(2026, 1, 5), short=True) == "1. 5.(월)"
    assert k.format_date(date(2026, 1, 5), weekday=False) == "2026. 1. 5."
    assert k.format_date(date(2026, 1, 5), "en", weekday=False) == "5 Jan 2026"
    assert k.format_month(NOON) == "2026년 11월"
    assert k.format_month(date(2026, 2, 1), "en") == "Feb 2026"
    assert k.format_time(NOON) == "15:04"


def test_days_are_seouls() -> None:
    late = datetime(2026, 12, 31, 15, 0, tzinfo=UTC)
    assert k.format_date(late) == "2027. 1. 1.(금)"
    assert k.seoul_date(late) == date(2027, 1, 1)
    assert k.from_seoul(date(2027, 1, 1)) == late
    with pytest.raises(ValueError, match="time zone"):
        k.format_datetime(datetime(2026, 1, 1))  # noqa: DTZ001


def test_periods() -> None:
    opens = k.from_seoul(date(2026, 11, 1), 9)
    closes = k.from_seoul(date(2026, 11, 30), 18)
    assert k.format_period(opens, closes) == "2026. 11. 1.(일) 09:00 ~ 11. 30.(월) 18:00"
    assert k.format_period(opens, closes, "en") == "Sun 1 Nov 2026, 09:00 – Mon 30 Nov, 18:00"
    assert k.format_period(opens, k.from_seoul(date(2027, 1, 2), 18)).endswith("~ 2027. 1. 2.(토) 18:00")
    assert k.format_period(opens, None) == "2026. 11. 1.(일) 09:00부터"
    assert k.format_period(None, closes) == "2026. 11. 30.(월) 18:00까지"
    assert k.format_period(None, closes, "en") == "until Mon 30 Nov 2026, 18:00"
    assert k.format_period(opens, None, "en") == "from Sun 1 Nov 2026, 09:00"
    assert k.format_period(None, None) == "기간 미정"
    assert k.format_period(opens, opens + timedelta(hours=2)) == "2026. 11. 1.(일) 09:00 ~ 11:00"


def test_a_window_that_ends_at_midnight_names_its_last_day() -> None:
    first, end = k.from_seoul(date(2026, 11, 1)), k.from_seoul(date(2027, 1, 1))
    assert k.format_deadline(end) == "2026. 12. 31.(목) 24:00"
    assert k.format_deadline(end, "en") == "Thu 31 Dec 2026, 24:00"
    assert k.format_period(first, end) == "2026. 11. 1.(일) ~ 12. 31.(목)"
    assert k.format_period(first, first + timedelta(days=1)) == "2026. 11. 1.(일)"
    assert k.format_period(first + timedelta(hours=9), first + timedelta(days=1)) == "2026. 11. 1.(일) 09:00 ~ 24:00"


@pytest.mark.parametrize(
    ("left", "korean", "english"),
    [
        (timedelta(days=3, hours=5), "3일 남음", "3 days left"),
        (timedelta(days=1), "1일 남음", "1 day left"),
        (timedelta(hours=23, minutes=59), "23시간 남음", "23 hours left"),
        (timedelta(minutes=1), "1분 남음", "1 minute left"),
        (timedelta(seconds=59), "곧 마감", "closing now"),
        (timedelta(0), "마감", "closed"),
        (timedelta(days=-2), "마감", "closed"),
    ],
)
def test_remaining(left: timedelta, korean: str, english: str) -> None:
    assert k.remaining(NOON + left, NOON) == korean
    assert k.remaining(NOON + left, NOON, "en") == english


def test_start_and_past() -> None:
    assert k.until_start(NOON + timedelta(days=2), NOON) == "2일 뒤 시작"
    assert k.until_start(NOON + timedelta(seconds=5), NOON, "en") == "starting now"
    assert k.until_start(NOON, NOON) == "시작됨"
    assert k.elapsed(NOON - timedelta(minutes=3), NOON) == "3분 전"
    assert k.elapsed(NOON - timedelta(seconds=3), NOON) == "방금 전"
    assert k.elapsed(NOON - timedelta(hours=1), NOON, "en") == "1 hour ago"
    assert k.elapsed(NOON - timedelta(days=31), NOON) == "2026. 10. 22."


def test_days_left_count_seouls_calendar() -> None:
    assert k.days_left(k.from_seoul(date(2026, 11, 23)), NOON) == 0
    assert k.days_left(k.from_seoul(date(2026, 11, 25), 18), NOON) == 3


def test_age() -> None:
    assert k.age_on(date(2012, 11, 22), date(2026, 11, 21)) == 13
    assert k.age_on(date(2012, 11, 22), date(2026, 11, 22)) == 14
    assert k.age_on(date(2012, 2, 29), date(2026, 2, 28)) == 13
    assert k.age_on(date(2012, 2, 29), date(2026, 3, 1)) == 14
