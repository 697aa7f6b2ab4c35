"""Keys, shares and their files."""

from itertools import combinations

import pytest

from civicvote.domain.ballots import keys
from civicvote.domain.errors import InvalidError
from tests.domain.ballot_factory import VOTE

PAIR = keys.vote_key(bytes(range(1, 33)))
SHARES = keys.split(PAIR.secret, VOTE)


@pytest.mark.parametrize("some", list(combinations(range(5), 3)), ids=str)
def test_any_three_of_five_restore_the_key(some: tuple[int, ...]) -> None:
    assert keys.combine([SHARES[n].words for n in some], PAIR.public) == PAIR.secret


def test_more_than_needed_or_one_twice_is_fine_but_two_are_not_enough() -> None:
    words = [share.words for share in SHARES]
    assert keys.combine(words) == PAIR.secret
    assert keys.combine([words[0], words[0], words[3], words[1]]) == PAIR.secret
    for some in (words[:2], [words[0]] * 3, []):
        with pytest.raises(InvalidError, match="모자랍니다"):
            keys.combine(some)


def test_a_mistyped_word_a_foreign_share_or_another_vote_is_noticed() -> None:
    words = [list(share.words) for share in SHARES]
    typo = [*words[0][:5], "academic" if words[0][5] != "academic" else "acid", *words[0][6:]]
    foreign = keys.split(bytes(32), VOTE)[2].words
    for some in ([typo, words[1], words[2]], [["house"], *words[1:3]], [words[0], words[1], foreign]):
        with pytest.raises(InvalidError, match="합칠 수 없습니다"):
            keys.combine(some)
    with pytest.raises(InvalidError, match="이 투표의 열쇠가 아닙니다"):
        keys.combine(words[:3], keys.new_vote_key().public)


def test_holders_are_the_city_the_committee_and_the_auditor() -> None:
    assert [share.holder for share in SHARES] == ["서울시 1", "서울시 2", "시민위원회 1", "시민위원회 2", "감사위원회"]
    assert {(share.threshold, share.count, len(share.words)) for share in SHARES} == {(3, 5, 33)}
    two = keys.split(PAIR.secret, VOTE, 2, ["a", "b"])
    assert keys.combine(share.words for share in two) == PAIR.secret


@pytest.mark.parametrize(
    ("threshold", "holders"),
    [
        (1, ["a", "b"]),
        (3, ["a", "b"]),
        (2, ["a"]),
        (2, ["a", "a"]),
        (2, ["a", " "]),
        (2, ["a", "b\nc"]),
        (2, list("abcdefghijklmnopq")),
    ],
)
def test_a_split_nobody_should_make_is_refused(threshold: int, holders: list[str]) -> None:
    with pytest.raises(InvalidError):
        keys.split(PAIR.secret, VOTE, threshold, holders)


def test_a_share_sheet_is_read_back_from_print_and_from_typing() -> None:
    sheet = keys.share_file(SHARES[0])
    assert keys.read_share(sheet) == SHARES[0].words
    assert keys.read_share("\ufeff" + sheet.upper().replace("\n", "\r\n")) == tuple(w.upper() for w in SHARES[0].words)
    typed = [keys.read_share(" ".join(share.words).upper()) for share in SHARES[2:]]
    assert keys.combine(typed) == PAIR.secret
    assert keys.share_vote(sheet) == (VOTE, PAIR.public)
    assert keys.share_vote(" ".join(SHARES[0].words)) is None
    with pytest.raises(InvalidError):
        keys.read_share("# 머리글뿐\n 1. 2.")


def test_key_files_come_back_and_damage_is_noticed() -> None:
    text = keys.key_file(PAIR.secret, VOTE)
    assert keys.read_key_file(text) == (VOTE, PAIR)
    assert keys.read_public_file(keys.public_file(PAIR.public, VOTE)) == (VOTE, PAIR.public)
    other = keys.new_vote_key().public.hex()
    for bad in (
        "",
        "[" * 100_000,
        "[]",
        "{}",
        text.replace(PAIR.public.hex(), other),
        text.replace("key/1", "key/9"),
        text.replace(f'"{VOTE}"', "7"),
        text.replace(PAIR.secret.hex(), "zz"),
        text.replace(VOTE, "a|b"),
    ):
        with pytest.raises(InvalidError):
            keys.read_key_file(bad)


def test_fresh_keys_differ_and_hide_in_print() -> None:
    assert len({keys.new_vote_key().secret for _ in range(20)} | {keys.new_board_key().secret for _ in range(20)}) == 40
    assert PAIR.secret.hex() not in repr(PAIR)
    assert repr(SHARES[0]) == f"Share(vote={VOTE}, number=1/5)"
    assert len(keys.fingerprint(PAIR.public)) == 39
    for make in (keys.vote_key, keys.board_key):
        with pytest.raises(InvalidError):
            make(b"short")
