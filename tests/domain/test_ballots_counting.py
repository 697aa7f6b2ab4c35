"""Opening, its lists and digests, and the rules a ballot has to keep."""

import copy
import hashlib
import json
import random
from typing import Any

import pytest

from civicvote.domain.ballots import counting, keys, rules, sealing
from civicvote.domain.ballots.encoding import b64, canonical, digest
from civicvote.domain.errors import ConflictError, InvalidError
from tests.domain.ballot_factory import VOTE, VOTE_KEY, Vote, a_contest, a_notice, a_vote, two_pools

IDS = ["a", "b", "c", "d", "e"]


def a_form(**form: Any) -> rules.Notice:
    costs = {"p": {one: 10 * n for n, one in enumerate(IDS, 1)}}
    return a_notice([a_contest("p", IDS)], costs, **{"max": None, **form})


def test_what_was_cast_comes_out_in_an_order_that_says_nothing_about_who_cast_it() -> None:
    vote = Vote(two_pools())
    cast = [("c0",), ("c0",), ("c1", "d1"), ("c2", "c3", "d0", "d1")]
    for person, picks in enumerate(cast):
        vote.cast(str(person), picks)
    opened = vote.opened()
    assert sorted(ballot.picks for ballot in opened.ballots) == sorted(cast)
    hashes = [ballot.own_hash() for ballot in opened.ballots]
    assert hashes == sorted(hashes)
    turned = [sealed for _, sealed in reversed(vote.counted())]
    assert counting.open_ballots(turned, VOTE_KEY.secret, vote.notice) == opened
    assert counting.read_opened(opened.document(), vote.notice, [one for one, _ in vote.counted()]) == opened


def test_every_kind_of_invalid_ballot_is_counted_as_invalid_with_its_reason() -> None:
    vote = Vote(two_pools())
    good = sealing.make_ballot(["c0"])
    for person in "xyz":
        vote.put(person, vote.sealer.seal(good))
    vote.cast("many", ["c0", "c1", "c2", "c3", "c4"])
    vote.cast("none", [])
    vote.cast("foreign", ["q"])
    vote.cast("group", ["d0", "d1", "d2"])
    vote.cast("points", {"c0": 1})
    junk = sealing._SUITE.encrypt(
        b"not json".ljust(vote.notice["ballot"]["length"]), vote.sealer._key, info=vote.sealer._info
    )
    vote.put("junk", sealing.Sealed(junk, sealing.tracker(VOTE, junk)))
    lost = bytes(len(junk))
    vote.put("lost", sealing.Sealed(lost, sealing.tracker(VOTE, lost)))
    opened = vote.opened()
    assert [ballot.picks for ballot in opened.ballots] == [("c0",)]
    assert opened.reasons() == {
        "duplicate": 2,
        "malformed": 1,
        "points": 1,
        "too-few": 1,
        "too-many": 2,
        "undecryptable": 1,
        "unknown-project": 1,
    }
    assert opened.reasons().keys() <= counting.REASONS.keys()
    assert opened.total == len(vote.slots)
    assert counting.read_opened(opened.document(), vote.notice, [one for one, _ in vote.counted()]) == opened


def test_a_wrong_key_is_refused_and_never_looks_like_invalid_ballots() -> None:
    vote = a_vote(12)
    with pytest.raises(InvalidError, match="이 투표의 열쇠가 아닙니다"):
        counting.open_ballots([], keys.new_vote_key().secret, vote.notice)


def test_many_ballots_are_opened_by_several_processes_with_the_same_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    vote = a_vote(12)
    vote.cast("none", [])
    alone = vote.opened()
    monkeypatch.setattr(counting, "PARALLEL", 5)
    monkeypatch.setattr(counting, "BATCH", 4)
    assert vote.opened() == alone
    assert alone.data() == canonical(alone.document())
    assert counting.counted_digest(vote.counted()) == digest(
        "counted", [[one, hashlib.sha256(sealed).hexdigest()] for one, sealed in sorted(vote.counted())]
    )


@pytest.mark.parametrize(
    ("form", "picks", "code"),
    [
        ({}, ["a"], None),
        ({}, [], "too-few"),
        ({"min": 0}, [], None),
        ({"max": 2}, ["a", "b"], None),
        ({"max": 2}, ["a", "b", "c"], "too-many"),
        ({}, ["z"], "unknown-project"),
        ({"max_cost": 30}, ["a", "b"], None),
        ({"max_cost": "29.9"}, ["a", "b"], "too-dear"),
        ({}, {"a": 1}, "points"),
        ({"points": {"max": 3, "sum": 4}}, ["a"], "points"),
        ({"points": {"max": 3, "sum": 4}}, {"a": 3, "b": 1}, None),
        ({"points": {"max": 3, "sum": 4}}, {"a": 4}, "points"),
        ({"points": {"max": None, "sum": 4}}, {"a": 3, "b": 2}, "points"),
        ({"points": {"max": None, "sum": None}, "ranking": True, "max": 3}, {"a": 2, "b": 3, "c": 1}, None),
        ({"points": {"max": None, "sum": None}, "ranking": True, "max": 3}, {"a": 3}, None),
        ({"points": {"max": None, "sum": None}, "ranking": True, "max": 3, "min": 0}, {}, None),
        ({"points": {"max": None, "sum": None}, "ranking": True, "max": 3}, {"a": 2}, "points"),
        ({"points": {"max": None, "sum": None}, "ranking": True, "max": 3}, {"a": 3, "b": 1}, "points"),
        ({"points": {"max": None, "sum": None}, "ranking": True, "max": 3}, {"a": 3, "b": 3}, "points"),
    ],
)
def test_the_rules_of_a_ballot(form: dict[str, Any], picks: Any, code: str | None) -> None:
    problem = rules.Rules(a_form(**form)).problem(sealing.make_ballot(picks))
    assert (problem.code if problem else None) == code
    assert code is None or (problem is not None and str(problem.message))


def test_groups_have_rules_of_their_own() -> None:
    group = {"id": "g", "title": "마을", "projects": ["a", "b"], "min": 1, "max": 1, "max_cost": None}
    check = rules.Rules(a_form(groups=[group])).problem
    assert check(sealing.make_ballot(["a", "c", "d"])) is None
    few, many = check(sealing.make_ballot(["c"])), check(sealing.make_ballot(["a", "b"]))
    assert few is not None
    assert many is not None
    assert (few.code, str(few.message)) == ("too-few", "마을에서 1개 이상 골라 주십시오.")
    assert (many.code, str(many.message)) == ("too-many", "마을에서는 1개까지 고를 수 있습니다.")


def _set(body: Any, path: str, value: Any) -> None:
    *way, last = path.split(".")
    for step in way:
        body = body[int(step) if step.isdigit() else step]
    if value is ...:
        del body[last]
    else:
        body[last] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("format", "x"),
        ("vote", "a|b"),
        ("keys.vote", "00"),
        ("keys.board", "Z" * 64),
        ("keys", ...),
        ("title", 1.5),
        ("projects", []),
        ("projects.0.id", ""),
        ("projects.0.id", "b"),
        ("projects.0.pool", "q"),
        ("projects.0.cost", -1),
        ("projects.0.cost", "1e3"),
        ("projects.0.cost", True),
        ("contests", []),
        ("contests.0.budget", "x"),
        ("contests.0.budget", 0),
        ("contests.0.ties", ["a"]),
        ("contests.0.rule", "lot"),
        ("contests.0.utility", "x"),
        ("contests.0.completion", "x"),
        ("contests.0.measure", "x"),
        ("contests.0.step", 0),
        ("contests.0.threshold", -1),
        ("contests.0.tie_by", ["x"]),
        ("ballot.length", 63),
        ("ballot.length", 64),
        ("ballot.min", -1),
        ("ballot.max", 0),
        ("ballot.max_cost", "x"),
        ("ballot.points", {"max": 0, "sum": None}),
        ("contests.0.comparison", 1),
        ("contests.0.quorum", -1),
        ("contests.0.threshold_share", "1.5"),
        ("contests.0.threshold_share", 0.5),
        ("contests.0.exclusive", [["a"]]),
        ("contests.0.exclusive", [["a", "z"]]),
        ("contests.0.caps", [{"title": "", "projects": ["a"], "max": None, "max_cost": None}]),
        ("contests.0.caps", [{"title": "", "projects": ["z"], "max": 1, "max_cost": None}]),
        ("contests.0.locked", ["a", "a"]),
        ("contests.0.locked", ["z"]),
        ("contests.0.leftover_to", "p"),
        ("contests.0.leftover_to", "q"),
        ("ballot.ranking", True),
        ("ballot.groups", [{"projects": ["z"], "min": 0, "max": None, "max_cost": None}]),
    ],
)
def test_a_notice_that_could_not_be_counted_is_refused(path: str, value: Any) -> None:
    notice = a_form()
    rules.check_notice(notice)
    _set(notice, path, value)
    with pytest.raises(InvalidError):
        rules.check_notice(notice)


def test_what_is_locked_in_keeps_to_the_limits_and_the_budget() -> None:
    cap = {"title": "", "projects": ["a", "b"], "max": 1, "max_cost": None}
    dear = {"title": "", "projects": ["a", "b"], "max": None, "max_cost": 20}
    for more in ({"exclusive": [["a", "b"]]}, {"caps": [cap]}, {"caps": [dear]}, {"budget": 29}):
        notice = a_form()
        notice["contests"][0] |= {"locked": ["a", "b"], **more}  # type: ignore[typeddict-item]
        with pytest.raises(InvalidError, match="locked"):
            rules.check_notice(notice)
        notice["contests"][0]["locked"] = ["a"]
        rules.check_notice(notice)


def test_a_notice_of_the_first_format_is_counted_but_knows_no_later_rule() -> None:
    notice = a_form()
    notice["format"] = rules.FIRST_FORMAT
    rules.check_notice(notice)
    notice["contests"][0]["quorum"] = 3
    with pytest.raises(InvalidError, match="format"):
        rules.check_notice(notice)


def test_an_export_comes_back_and_damage_is_found() -> None:
    vote = a_vote(12)
    body = json.loads(json.dumps(counting.export_document(vote.notice, vote.counted())))
    assert counting.read_export(body) == (vote.notice, sorted(vote.counted()))
    assert [row["tracker"] for row in body["counted"]] == sorted(row["tracker"] for row in body["counted"])
    changes: list[tuple[str, Any]] = [
        ("format", "x"),
        ("notice", ...),
        ("notice.vote", "other"),
        ("notice.ballot.length", 1024),
        ("counted", {}),
        ("counted.0.tracker", "A" * 24),
        ("counted.0.sealed", body["counted"][1]["sealed"]),
        ("counted.0.sealed", "x"),
        ("counted.0", ...),
    ]
    for path, value in changes[:-1]:
        damaged = copy.deepcopy(body)
        _set(damaged, path, value)
        if damaged["counted"]:
            with pytest.raises((InvalidError, ConflictError)):
                counting.read_export(damaged)
    with pytest.raises(ConflictError, match="두 번"):
        counting.check_counted(vote.notice, vote.counted()[:1] * 2)


def test_what_comes_back_from_the_offline_machine_is_checked() -> None:
    vote, rng = a_vote(12), random.Random(1)
    vote.cast("none", [])
    body, trackers = vote.opened().document(), [one for one, _ in vote.counted()]
    counting.read_opened(body, vote.notice, trackers)
    two = body["ballots"][:2]
    turned = rng.sample(body["ballots"], len(body["ballots"]))
    lies: list[dict[str, Any]] = [
        {"vote": "other"},
        {"format": "x"},
        {"more": 1},
        {"ballots": body["ballots"][1:]},
        {"ballots": turned},
        {"ballots": [two[0], *body["ballots"][:-1]]},
        {"ballots": [{**two[0], "c": ["q"]}, *body["ballots"][1:]]},
        {"ballots": None},
        {"spoiled": []},
        {"spoiled": [{**body["spoiled"][0], "reason": "duplicate"}]},
        {"spoiled": [{"reason": "malformed", "plaintext": "!"}]},
        {"undecryptable": ["A" * 24], "spoiled": []},
    ]
    for lie in lies:
        with pytest.raises(InvalidError):
            counting.read_opened({**body, **lie}, vote.notice, trackers)


def test_a_valid_ballot_among_the_spoiled_is_found_whatever_its_reason() -> None:
    vote = a_vote(12)
    body, trackers = vote.opened().document(), [one for one, _ in vote.counted()]
    raw = sealing.pad(vote.opened().ballots[0].plaintext(), vote.notice["ballot"]["length"])
    for reason in ("", "valid", "too-many", "duplicate", "malformed"):
        lie = {"ballots": body["ballots"][1:], "spoiled": [{"reason": reason, "plaintext": b64(raw)}]}
        with pytest.raises(InvalidError, match="뒤바뀐"):
            counting.read_opened({**body, **lie}, vote.notice, trackers)
