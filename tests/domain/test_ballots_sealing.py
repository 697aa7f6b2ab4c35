"""Slots, seals, trackers and receipts."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicvote.domain.ballots import encoding, receipts, rules, sealing, slots
from civicvote.domain.errors import InvalidError
from tests.domain.ballot_factory import BOARD_KEY, ROLL_KEY, VOTE, VOTE_KEY, a_contest, a_notice

IDS = [f"사업-{n:03}" for n in range(40)]
LENGTH = sealing.padded_length(IDS, 5)


def test_a_slot_is_the_formula_of_the_design_and_the_same_every_time() -> None:
    made = slots.slot(ROLL_KEY, VOTE, "person")
    assert made == hmac.new(ROLL_KEY, b"slot|" + VOTE.encode() + b"|person", hashlib.sha256).digest()[:16]
    assert made == slots.slot(ROLL_KEY, VOTE, "person")
    others = {
        slots.slot(*key) for key in [(ROLL_KEY, VOTE, "x"), (ROLL_KEY, "v2", "person"), (bytes(32), VOTE, "person")]
    }
    assert len(others | {made}) == 4


@pytest.mark.parametrize("vote", ["", "a|b", "투표", "v" * 65, "a b", "a\n"])
def test_a_vote_id_that_could_blur_a_formula_is_refused(vote: str) -> None:
    with pytest.raises(InvalidError):
        slots.slot(ROLL_KEY, vote, "person")


def test_a_roll_key_has_32_bytes() -> None:
    assert len({slots.new_roll_key() for _ in range(20)}) == 20
    with pytest.raises(InvalidError):
        slots.slot(b"short", VOTE, "person")


@given(st.sets(st.sampled_from(IDS), max_size=5))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_what_is_sealed_is_opened_and_every_ballot_has_one_length(picks: set[str]) -> None:
    sealed = sealing.seal(VOTE_KEY.public, VOTE, LENGTH, picks)
    assert len(sealed.sealed) == LENGTH + sealing.OVERHEAD
    padded = sealing.Opener(VOTE_KEY.secret, VOTE).open(sealed.sealed)
    assert padded is not None
    ballot = sealing.parse(padded, LENGTH)
    assert ballot is not None
    assert ballot.picks == tuple(sorted(picks))


def test_points_travel_with_their_projects() -> None:
    ballot = sealing.make_ballot({"b": 3, "a": 1})
    assert (ballot.picks, ballot.points) == (("a", "b"), (1, 3))
    assert sealing.parse(sealing.pad(ballot.plaintext(), 128), 128) == ballot
    assert sealing.from_document(ballot.document()) == ballot


@pytest.mark.parametrize("points", [{"a": 0}, {"a": -1}, {"a": True}, {"a": 10**6 + 1}])
def test_points_are_whole_and_positive(points: dict[str, int]) -> None:
    with pytest.raises(InvalidError):
        sealing.make_ballot(points)


def test_the_longest_allowed_ballot_fits_and_a_longer_one_is_refused() -> None:
    ids = ["짧", "가" * 60, "나" * 60, "\x01" * 30, '"' * 40]
    for most in range(1, 6):
        length = sealing.padded_length(ids, most)
        longest = sorted(ids, key=lambda one: -len(encoding.canonical(one)))[:most]
        assert len(sealing.seal(VOTE_KEY.public, VOTE, length, longest).sealed) == length + 48
        assert length % sealing.BLOCK == 0
    with pytest.raises(InvalidError, match="담을 수 없습니다"):
        sealing.seal(VOTE_KEY.public, VOTE, sealing.padded_length(ids, 1), ids)
    points = dict.fromkeys(ids, 10**6)
    assert sealing.seal(VOTE_KEY.public, VOTE, sealing.padded_length(ids, points=10**6), points)


def test_a_notice_states_the_length_of_its_ballots() -> None:
    costs = {"p": dict.fromkeys(IDS, 1)}
    notice = a_notice([a_contest("p", IDS)], costs, max=5)
    assert notice["ballot"]["length"] == LENGTH
    assert a_notice([a_contest("p", IDS)], costs, points={"max": 9, "sum": None})["ballot"]["length"] >= LENGTH
    assert rules.ballot_length(a_notice([a_contest("p", IDS)], costs, max=None)) > LENGTH


def test_a_pick_twice_is_refused() -> None:
    with pytest.raises(InvalidError, match="두 번"):
        sealing.make_ballot(["a", "a"])


def test_two_seals_of_the_same_picks_have_nothing_in_common() -> None:
    seals = [sealing.seal(VOTE_KEY.public, VOTE, LENGTH, IDS[:3]) for _ in range(50)]
    assert len({one.sealed for one in seals} | {one.tracker for one in seals}) == 100
    assert IDS[0].encode() not in b"".join(one.sealed for one in seals)


def test_the_tracker_is_the_formula_of_the_design() -> None:
    sealed = sealing.seal(VOTE_KEY.public, VOTE, LENGTH, IDS[:1])
    digest = hashlib.sha256(b"cv-trk|" + VOTE.encode() + b"|" + sealed.sealed).digest()
    assert sealed.tracker == base64.b32encode(digest[:15]).decode()
    assert sealing.TRACKER.fullmatch(sealed.tracker)


def test_another_key_vote_or_any_changed_byte_does_not_open() -> None:
    sealed = sealing.seal(VOTE_KEY.public, VOTE, LENGTH, IDS[:2]).sealed
    opener = sealing.Opener(VOTE_KEY.secret, VOTE)
    assert opener.open(sealed)
    assert sealing.Opener(bytes(31) + b"\x01", VOTE).open(sealed) is None
    assert sealing.Opener(VOTE_KEY.secret, "other").open(sealed) is None
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        assert opener.open(bytes(changed)) is None
    assert [opener.open(short) for short in (b"", sealed[:31], sealed[:-1], bytes(len(sealed)))] == [None] * 4


def test_keys_of_a_wrong_size_are_refused() -> None:
    with pytest.raises(InvalidError):
        sealing.Sealer(b"1", VOTE, LENGTH)
    with pytest.raises(InvalidError):
        sealing.Opener(b"1", VOTE)


R = "00" * 16


@pytest.mark.parametrize(
    "plaintext",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b'{"c":[]}',
        b'{"c":["b","a"],"r":"' + R.encode() + b'"}',
        b'{"c":["a","a"],"r":"' + R.encode() + b'"}',
        b'{"c":["a"], "r":"' + R.encode() + b'"}',
        b'{"r":"' + R.encode() + b'","c":["a"]}',
        b'{"c":[1],"r":"' + R.encode() + b'"}',
        b'{"c":"ab","r":"' + R.encode() + b'"}',
        b'{"c":["a"],"r":"' + R.upper().encode().replace(b"0", b"A") + b'"}',
        b'{"c":["a"],"r":1}',
        b'{"c":["a"],"r":"' + R.encode() + b'","x":1}',
        b'{"c":["a"],"p":null,"r":"' + R.encode() + b'"}',
        b'{"c":["a"],"p":[1,2],"r":"' + R.encode() + b'"}',
        b'{"c":["a"],"p":[0],"r":"' + R.encode() + b'"}',
        b'{"c":["a"],"p":[1.0],"r":"' + R.encode() + b'"}',
        b'{"c":["a"],"p":[true],"r":"' + R.encode() + b'"}',
        b'{"c":["\\ud800"],"r":"' + R.encode() + b'"}',
        b"[" * 256,
    ],
)
def test_only_what_the_platform_writes_is_read_as_a_ballot(plaintext: bytes) -> None:
    assert sealing.parse(plaintext.ljust(256)[:256], 256) is None
    whole = sealing.make_ballot(["a"]).plaintext()
    assert sealing.parse(whole.ljust(256), 256) is not None
    assert sealing.parse(whole.ljust(257), 256) is None


def test_a_receipt_is_signed_over_vote_tracker_and_minute() -> None:
    receipt = receipts.sign(BOARD_KEY.secret, VOTE, "A" * 24, "2026-11-22T16:05Z")
    assert receipts.verify(BOARD_KEY.public, receipt)
    assert receipts.Receipt.from_document(receipt.document()) == receipt
    for name in ("vote", "tracker", "minute"):
        assert not receipts.verify(BOARD_KEY.public, receipts.Receipt(**{**receipt.document(), name: "x"}))
    assert not receipts.verify(VOTE_KEY.public, receipt)
    assert not receipts.verify(b"short", receipt)
    for signature in ("", "x", receipt.signature[:-4], receipt.signature + "\n"):
        assert not receipts.verify(BOARD_KEY.public, receipts.Receipt(VOTE, "A" * 24, "2026-11-22T16:05Z", signature))
    with pytest.raises(InvalidError):
        receipts.sign(b"short", VOTE, "A" * 24, "x")


@pytest.mark.parametrize("body", [None, [], {}, {"vote": 1, "tracker": "", "minute": "", "signature": ""}])
def test_a_file_that_is_no_receipt_is_refused(body: object) -> None:
    with pytest.raises(InvalidError):
        receipts.Receipt.from_document(body)


def test_a_minute_is_utc_and_hides_the_seconds() -> None:
    seoul = timezone(timedelta(hours=9))
    assert receipts.minute(datetime(2026, 11, 23, 1, 5, 59, tzinfo=seoul)) == "2026-11-22T16:05Z"
    assert receipts.minute(datetime(2026, 11, 22, 16, 5, tzinfo=UTC)) == "2026-11-22T16:05Z"


def test_canonical_json_is_one_way_to_write_a_value() -> None:
    assert encoding.canonical({"나": [1, None, True], "a": "é\n"}) == '{"a":"é\\n","나":[1,null,true]}'.encode()
    for value in (1.5, {"a": [float("nan")]}, {1: 2}, "\ud800", {"a": object()}):
        with pytest.raises(InvalidError):
            encoding.canonical(value)


@pytest.mark.parametrize("text", ["a", "QUI", "QUI=\n", "QUJ=", "é"])
def test_base64_has_one_spelling(text: str) -> None:
    assert encoding.unb64("QUI=") == b"AB"
    with pytest.raises(InvalidError):
        encoding.unb64(text)
