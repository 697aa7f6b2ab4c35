"""What the notice of a vote may say, which ballots are valid under it, and whether all were counted. Part of recount.py.

The notice is the law of the vote: whatever in it could be read in two ways, or is unknown to this program, is refused.
"""

import hashlib
import re
from base64 import b32encode
from fractions import Fraction
from typing import Any

from recount_files import JSON, canonical, need, read, sha, shape, unb64  # type: ignore[import-not-found]

GREEDY = ["greedy", "greedy-no-skip", "greedy-poznan", "greedy-per-cost"]
WORDS = {
    "rule": [*GREEDY, "welfare", "equal-shares", "phragmen", "phragmen-skip"],
    "utility": ["cost", "cardinality"],
    "measure": ["votes", "points"],
    "completion": ["none", "add1", "add1u", "utilitarian"],
}
#: What else a notice says of a contest, or what holds where it doesn't. Beside it: budget, step, leftover_to.
SAYS: dict[str, Any] = {"pool": "", "title": "", "threshold": 0, "threshold_share": "0", "quorum": 0}
SAYS.update(comparison=False, exhaustive_stop=False, empty_ballots=False)
SAYS.update(tie_by=[], ties=[], exclusive=[], caps=[], locked=[])
#: What became of a tracker.
CAST, VOID = "다시 투표해 집계하지 않음 · replaced by a later ballot", "무효로 처리함 · voided at a desk"
PAPER, COUNTED = "종이 투표 · on paper", "집계함 · counted"


def most(limit: Any) -> Any:
    """A number of the notice, whole or as a text such as "1000.50"; None is no limit: infinite."""
    if limit is None or (type(limit) is int and limit >= 0):
        return float("inf") if limit is None else limit
    good = type(limit) is str and re.fullmatch(r"[0-9]{1,18}(\.[0-9]{1,9})?", limit)
    need(good, f"notice.json: 수가 아닙니다 · not a number: {limit!r}")
    return Fraction(limit)


def amount(value: Any) -> Fraction:
    need(value is not None, "notice.json: 금액이 없습니다 · an amount is missing")
    return Fraction(most(value))


def plain(total: Fraction) -> Any:
    """The inverse of `amount`: a whole number, or else the shortest text."""
    number, rest = divmod(int(total * 10**9), 10**9)
    return f"{number}.{rest:09}".rstrip("0") if rest else number


def checked(notice: Any) -> Any:
    """The notice, with what holds where it is silent."""
    times = {"opens_at": str, "closes_at": str}
    parts = {"keys": dict, "ballot": dict, "contests": list, "projects": list, "more": dict}
    good = shape({"more": {}, **notice}, format=str, vote=str, title=str, **times, **parts)
    need(good, "notice.json: 모르는 내용이 있습니다 · holds something unknown")
    good = notice["format"] in {"civicvote-notice/1", "civicvote-notice/2"}
    good = good and bool(re.fullmatch("[A-Za-z0-9._:-]{1,64}", notice["vote"]))
    good = good and shape(notice["keys"], vote=str, board=str, shares=str)
    need(
        good and re.fullmatch("[0-9a-f]{64}", notice["keys"]["board"]),
        "notice.json: 형식, 투표, 공개키 · format, vote, keys",
    )
    pools: dict[str, list[str]] = {one["pool"]: [] for one in notice["contests"]}
    for one in notice["projects"]:
        good = shape({**one, "cost": ""}, id=str, title=str, pool=str, cost=str, withdrawn=bool)
        need(good and one["pool"] in pools, f"notice.json: 사업 · project {one['id']}")
        pools[one["pool"]].append(one["id"])
    ids = {one["id"] for one in notice["projects"]}
    need(
        len(ids) == len(notice["projects"]) and "" not in ids,
        "notice.json: 한 번호의 사업이 둘입니다 · a project twice",
    )
    need(len(pools) == len(notice["contests"]), "notice.json: 한 이름의 분야가 둘입니다 · a pool twice")
    rules = [
        contest(one, set(pools[one["pool"]]), [*pools][place + 1 :]) for place, one in enumerate(notice["contests"])
    ]
    return {**notice, "contests": rules, "ballot": form(notice["ballot"], ids)}


def contest(rule: Any, ids: set[str], later: list[str]) -> Any:
    """A contest's rule. `ids`: the pool's projects. `later`: pools to which unspent money may flow."""
    full = {**SAYS, "leftover_to": None, **rule}
    good = set(full) == {*WORDS, *SAYS, "budget", "step", "leftover_to"} and full["leftover_to"] in [None, *later]
    good = good and all(full[name] in words for name, words in WORDS.items())
    good = good and all(type(full[name]) is type(value) for name, value in SAYS.items())
    good = good and set(full["tie_by"]) <= {"votes", "cost", "cost-desc"} and sorted(full["ties"]) == sorted(ids)
    good = good and amount(full["budget"]) > 0 and amount(full["step"]) > 0
    need(good, f"notice.json: {full['pool']}: 이 프로그램이 모르는 규칙입니다 · a rule this program doesn't know")
    caps = [
        shape({**cap, "max_cost": "", "max": 0}, title=str, projects=list, max=int, max_cost=str)
        for cap in full["caps"]
    ]
    named = [full["locked"], *full["exclusive"], *(cap["projects"] for cap in full["caps"])]
    good = all(caps) and all(len(ids & {*some}) == len(some) for some in named)
    need(good, f"notice.json: {full['pool']}: 상한이나 택일 · caps, alternatives or settled projects")
    return full


def form(ballot: Any, ids: set[str]) -> Any:
    """The form of the ballots. `ids`: all projects of the vote."""
    full, limits = {"ranking": False, **ballot}, {"max": "", "max_cost": ""}
    good = shape(
        {**full, **limits, "points": 0},
        length=int,
        min=int,
        max=str,
        max_cost=str,
        points=int,
        groups=list,
        ranking=bool,
    )
    need(good, "notice.json: 투표지 · the form of the ballots")
    for one in full["groups"]:
        good = shape({**one, **limits}, id=str, title=str, projects=list, min=int, max=str, max_cost=str)
        need(good and {*one["projects"]} <= ids, "notice.json: 투표지의 묶음 · a group of the ballots")
    points = full["points"] or {"max": None, "sum": None}
    need(
        {*points} == {"max", "sum"} and not (full["ranking"] and None in (full["max"], full["points"])),
        "notice.json: 점수 · points",
    )
    parts = [{**full, "projects": ids}, *full["groups"]]
    parts = [({*one["projects"]}, one["min"], most(one["max"]), most(one["max_cost"])) for one in parts]
    return {**full, "parts": parts, "limits": (most(points["max"]), most(points["sum"]))}


def fault(ballot: Any, form: Any, costs: dict[str, Fraction]) -> str:
    """Why a ballot is not valid (a code as in plaintexts.json), or an empty text."""
    if type(ballot) is not dict or not {"c", "r"} <= set(ballot) <= {"c", "p", "r"}:
        return "malformed"
    picks, nonce, points = ballot["c"], ballot["r"], ballot.get("p", [])
    good = type(nonce) is str and re.fullmatch("[0-9a-f]{32}", nonce) and type(picks) is type(points) is list
    good = good and all(type(pick) is str for pick in picks) and picks == sorted(set(picks))
    good = good and all(type(n) is int and 0 < n <= 10**6 for n in points)
    if not good or ("p" in ballot and len(points) != len(picks)):
        return "malformed"
    if not costs.keys() >= set(picks):
        return "unknown-project"
    if ("p" in ballot) != (form["points"] is not None):
        return "points"
    if points and (max(points) > form["limits"][0] or sum(points) > form["limits"][1]):
        return "points"
    if form["ranking"] and sorted(points) != list(range(form["max"] - len(picks) + 1, form["max"] + 1)):
        return "points"
    for projects, few, many, dear in form["parts"]:
        inside = [pick for pick in picks if pick in projects]
        if not few <= len(inside) <= many:
            return "too-few" if len(inside) < few else "too-many"
        if dear < float("inf") and sum(costs[pick] for pick in inside) > dear:
            return "too-dear"
    return ""


def counted(vote: Any) -> str:
    """Every sealed ballot that is counted stands on the board, and there are as many as people."""
    for tracker in vote.voids - {None}:
        need(vote.fate.get(tracker) == CAST, f"{tracker}: 없는 표가 무효입니다 · voided, but never cast online")
        vote.fate[tracker] = VOID
    digest, papers, count, last = hashlib.sha256(b"cv-counted|["), 0, 0, ""
    for row in vote.files.each("counted.json"):
        need(shape(row, tracker=str, sealed=str), f"counted.json: {count}번째 줄 · row {count}")
        tracker, sealed = row["tracker"], unb64(row["sealed"])
        good = b32encode(sha(f"cv-trk|{vote.vote}|".encode(), sealed)[:15]).decode() == tracker
        good = good and len(sealed) == vote.form["length"] + 48
        need(good, f"{tracker}: 봉인 투표지가 다릅니다 · the sealed ballot is not this tracker's")
        need(tracker > last, "counted.json: 순서가 틀립니다 · wrong order or a ballot twice")
        need(
            vote.fate.get(tracker) in {CAST, PAPER},
            f"{tracker}: 게시판에 없거나 무효입니다 · not on the board, or voided",
        )
        digest.update(("," * bool(count) + canonical([tracker, sha(sealed).hex()])).encode())
        papers, count, last = papers + (vote.fate[tracker] == PAPER), count + 1, tracker
        vote.fate[tracker] = COUNTED
    voided = len(vote.voids - {None})
    people, online, again = count - papers + voided, count - papers, len(vote.fate) - count - voided
    good = canonical(vote.files.document("participants.json")) == canonical({"participants": people})
    good = good and PAPER not in vote.fate.values()
    need(good, "참여자 수와 표의 수가 다릅니다 · participants and ballots differ")
    digest.update(b"]")
    vote.hashes["counted.json"], vote.count = ("", digest.hexdigest()), count
    vote.compare("counted", count=count, participants=people)
    return (
        f"집계한 표 {count}장(온라인 {online}, 종이 {papers})이 게시판에 있고, 다시 투표한 {again}장과 무효 {voided}장은 뺐습니다 · "
        f"{count} ballots ({online} online, {papers} on paper), all on the board; {again} replaced, {voided} voided"
    )


def opened(vote: Any) -> str:
    """The opened ballots are as many, valid under the notice or spoiled for the reason given; the contests take them."""
    withheld = {"withheld": True} if vote.posted["plaintexts"].get("withheld") is True else {}
    vote.pooled = bool(withheld) and "plaintexts.json" not in vote.files.names
    if vote.pooled:
        vote.unchecked.append("투표지를 공개하지 않은 사업별 합계 · the totals, without the ballots")
        return "열어 본 투표지는 해시만 게시판에 있습니다 · of the opened ballots only the digest was published"
    last, seen = b"", set[bytes]()
    for ballot in vote.files.each("plaintexts.json", '{"ballots":['):
        text = canonical(ballot).encode()
        reason = fault(ballot, vote.form, vote.costs) or len(text) > vote.form["length"]
        need(not reason, f"유효하지 않은 표입니다 · not a valid ballot: {text.decode()[:60]}")
        need(sha(text) > last, "투표지의 순서가 틀리거나 겹칩니다 · wrong order or a plaintext twice")
        last = sha(text)
        seen.add(last)
        for contest in vote.contests:
            contest.take(ballot["c"], ballot.get("p"))
    rest = read("{" + vote.files.tail[2:], "plaintexts.json")
    good = shape(rest, format=str, vote=str, spoiled=list, undecryptable=list) and vote.files.tail[:2] == "],"
    good = good and rest["format"] == "civicvote-plaintexts/1" and rest["vote"] == vote.vote
    need(good, "plaintexts.json: 형식이 다릅니다 · another form, or of another vote")
    for row in rest["spoiled"]:
        need(shape(row, plaintext=str, reason=str), "plaintexts.json: 무효 사유 · a spoiled ballot's reason is wrong")
        raw = unb64(row["plaintext"])
        try:
            ballot = JSON.decode(raw.rstrip(b" ").decode())
            own = canonical(ballot).encode()
        except (ValueError, RecursionError):
            ballot, own = None, None
        good = own == raw.rstrip(b" ") and len(raw) == vote.form["length"]
        reason = fault(ballot, vote.form, vote.costs) if good else "malformed"
        reason = reason or ("duplicate" if sha(own) in seen else "")
        good = reason and row["reason"] == reason
        need(good, f"무효 사유가 다릅니다 · a spoiled ballot's reason is wrong: {reason or 'valid'}")
    lost, bad = rest["undecryptable"], len(rest["spoiled"]) + len(rest["undecryptable"])
    good = len(seen) + bad == vote.count and lost == sorted(set(lost))
    good = good and all(vote.fate.get(one) == COUNTED for one in lost)
    need(good, "열어 본 표와 집계한 표의 수가 다릅니다 · not as many plaintexts as counted ballots")
    vote.compare("plaintexts", **withheld)
    return f"유효표 {len(seen)}장, 무효표 {bad}장 · {bad} spoiled ballots, {len(lost)} of them could not be opened"


def believe(it: Any, claim: Any, form: Any) -> bool:
    """Give a contest the totals of result.json where no ballots were published; False if no ballots can have them."""
    it.voters, it.votes = claim["ballots"], claim["votes"]
    it.score = claim["points"] if it.rule["measure"] == "points" else it.votes
    rows = [(it.voters, it.votes[one], it.score[one]) for one in it.costs]
    whole = {type(n) for row in rows for n in row} <= {int} and len(rows) == len(it.votes) == len(it.score)
    good = whole and all(0 <= votes <= people and votes <= sums <= votes * 10**6 for people, votes, sums in rows)
    good = good and sum(it.votes.values()) <= form["parts"][0][2] * max(it.voters, 1)
    good = good and sum(it.score.values()) <= form["limits"][1] * max(it.voters, 1)
    return good and bool(it.rule["empty_ballots"] or it.voters <= sum(it.votes.values()))


def fits(it: Any, chosen: list[str]) -> bool:
    """All that can be said of `chosen` without ballots: they are open to choice, and within budget and caps."""
    locked = it.ready()
    rest = chosen[len(locked) :]
    good = locked + rest == chosen and len({*rest}) == len(rest) and {*rest} <= {*it.open}
    good = good and all(not it.shut(one, chosen) for one in rest)
    return not chosen if it.void else good and (not rest or it.left(chosen) >= 0)
