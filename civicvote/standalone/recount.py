"""civicvote 개표 검증 · checks a published vote and counts it again.

    python3 recount.py BUNDLE.zip [--receipt RECEIPT.json] [--board-key HEX]

Python 3.9 이상과 이 파일만 있으면 됩니다. Needs nothing but Python 3.9 and shares no code with the platform.
It shows that a bundle agrees with itself, with the board's signatures and with your receipts. Compare the board key
it prints with the one in the notice of the vote: whoever holds another key could have made another bundle.
"""

import argparse
import hashlib
import heapq
import json
import re
import sys
import zipfile
from base64 import b32encode, b64decode
from collections import Counter, defaultdict
from fractions import Fraction
from functools import partial
from io import TextIOWrapper
from math import gcd, lcm
from pathlib import Path
from typing import Any, Optional

Point = tuple[int, int, int, int]
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
unb64 = partial(b64decode, validate=True)


def need(holds: Any, text: str) -> None:
    """End with `text` at the first thing that does not hold."""
    if not holds:
        sys.exit(f"틀림 NO  {text}")


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


# ---- Ed25519 (RFC 8032), verification only; a point is (X, Y, Z, T) in extended coordinates ----
def add(p: Point, q: Point) -> Point:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P


def decode(data: bytes) -> Point:
    y, sign = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and x * x % P == square, "공개키가 곡선 위의 점이 아닙니다 · a public key is not a point")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` over `message` is that of the holder of `public`."""
    key, s = decode(public), int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus = (P - key[0], key[1], 1, P - key[3])
    table, r = ((0, 1, 1, 0), BASE, minus, add(BASE, minus)), (0, 1, 1, 0)
    for bit in range(252, -1, -1):  # r becomes s·BASE - k·key, which has to be the signature's first half
        r = add(add(r, r), table[(s >> bit & 1) + 2 * (k >> bit & 1)])
    x, y = (part * pow(r[2], P - 2, P) % P for part in r[:2])
    return len(signature) == 64 and s < ORDER and (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


# ---- the count: greedy, and the Method of Equal Shares (Peters, Pierczyński, Skowron 2021) ----
Costs = dict[str, Fraction]
Backers = dict[str, list[tuple[int, int, int]]]  # project: (group of equal ballots, points, people in the group)


def equal_shares(cost: Costs, backers: Backers, rank: dict[str, int], share: Fraction, by_cost: bool) -> list[str]:
    """Everyone holds `share`; again and again the project with the least price per utility is bought."""
    unit = lcm(share.denominator, *(one.denominator for one in cost.values()))  # balances: whole numbers of 1/unit
    held, chosen = dict.fromkeys((row[0] for one in cost for row in backers[one]), int(share * unit)), []
    worth = {one: cost[one] if by_cost and cost[one] else 1 for one in cost}  # of a point
    score = {one: sum(points * people for _, points, people in backers[one]) for one in cost}
    heap = [(cost[one] / score[one] / worth[one], place, one) for one, place in rank.items() if one in cost]
    heapq.heapify(heap)
    while heap:  # prices only rise from that of all paying alike: an old one is a lower bound
        one = heapq.heappop(heap)[2]
        rest, weight, rich = int(cost[one] * unit), score[one], backers[one]
        while rich:  # whoever cannot pay the common price per point gives all, the others share what is left
            able = [row for row in rich if held[row[0]] * weight >= rest * row[1]]
            if len(able) == len(rich):
                break
            rest -= sum(held[row[0]] * row[2] for row in rich) - sum(held[row[0]] * row[2] for row in able)
            rich, weight = able, sum(row[1] * row[2] for row in able)
        else:
            continue  # its backers can never pay it
        ratio = Fraction(rest, weight * unit) / worth[one]
        if heap and heap[0][:2] < (ratio, rank[one]):
            heapq.heappush(heap, (ratio, rank[one], one))
            continue
        rest, weight = rest // gcd(rest, weight), weight // gcd(rest, weight)
        unit, held = unit * weight, {group: balance * weight for group, balance in held.items()}
        for group, points, _ in backers[one]:
            held[group] -= min(held[group], rest * points)
        chosen.append(one)
    return chosen


def select(rule: Any, cost: Costs, score: dict[str, int], backers: Backers, rank: dict[str, int], n: int) -> Any:
    budget, chosen, before = Fraction(rule["budget"]), list[str](), list[str]()
    if rule["rule"] == "greedy":
        for one in sorted(cost, key=lambda c: (cost[c] > 0, -score[c], rank[c])):
            if cost[one] <= budget:
                chosen.append(one)
                budget -= cost[one]
        return chosen
    need(rule["rule"] == "equal-shares", "모르는 집계 규칙입니다 · unknown rule")
    share = budget / max(n, 1)
    while True:  # add1: a step more for everyone, until it overspends, funds all, or (exhaustive) nothing else fits
        chosen = equal_shares(cost, backers, rank, share, rule["utility"] == "cost")
        left = budget - sum(cost[one] for one in chosen)
        rest = [cost[one] for one in cost if one not in chosen]
        if left < 0:
            return before
        if rule["completion"] == "none" or not rest or (rule["exhaustive_stop"] and min(rest) > left):
            return chosen
        before, share = chosen, share + Fraction(rule["step"])


def recount(rule: Any, costs: Costs, ballots: list[Any], gone: set[str]) -> dict[str, Any]:
    """One element of result.json's contests; `costs`: the pool's projects, `gone`: those withdrawn."""
    rows: Counter[tuple[tuple[str, int], ...]] = Counter()
    for ballot in ballots:
        points = ballot.get("p", [1] * len(ballot["c"]))
        row = tuple((pick, point) for pick, point in zip(ballot["c"], points) if pick in costs)
        if row or rule["empty_ballots"]:
            rows[row] += 1
    votes, score, backers = dict.fromkeys(costs, 0), dict.fromkeys(costs, 0), {one: list[Any]() for one in costs}
    for group, (row, people) in enumerate(rows.items()):
        for pick, point in row:
            weight = point if rule["measure"] == "points" else 1
            votes[pick] += people
            score[pick] += people * weight
            backers[pick].append((group, weight, people))

    def tie(one: str) -> Any:
        values = {"votes": -votes[one], "cost": costs[one], "cost-desc": -costs[one]}
        return [values[key] for key in rule["tie_by"]], rule["ties"].index(one)

    rank = {one: place for place, one in enumerate(sorted(costs, key=tie))}
    least, budget = max(rule["threshold"], 1), Fraction(rule["budget"])
    cost = {one: costs[one] for one in costs if one not in gone and score[one] >= least and costs[one] <= budget}
    chosen = select(rule, cost, score, backers, rank, sum(rows.values()))
    spent = sum(costs[one] for one in chosen)
    return {"pool": rule["pool"], "ballots": sum(rows.values()), "votes": votes, "selected": chosen, "spent": spent}


class Bundle:
    """The files; every method shows one thing, gives a sentence about it, or ends the program."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
            need(len(self.files) == len(archive.namelist()), "한 이름의 파일이 둘입니다 · a file stands twice")
        self.json = {name: json.loads(data) for name, data in self.files.items() if name.endswith(".json")}
        self.notice: Any = self.json["notice.json"]
        self.vote, self.form = self.notice["vote"], self.notice["ballot"]
        self.key = bytes.fromhex(self.notice["keys"]["board"])
        self.costs = {one["id"]: Fraction(one["cost"]) for one in self.notice["projects"]}
        self.gone = {one["id"] for one in self.notice["projects"] if one["withdrawn"]}
        self.board: dict[str, list[Any]] = defaultdict(list)
        self.counted: set[str] = set()
        self.ballots: list[Any] = []

    def signed(self, kind: str, body: Any) -> bool:
        """Whether the board's key signed `body`, whose signature stands in it."""
        rest = {name: value for name, value in body.items() if name != "signature"}
        message = f"cv-{kind}|".encode() + canonical(rest)
        return bool(rest.get("vote") == self.vote) and signed(self.key, unb64(body["signature"]), message)

    def posted(self, kind: str, data: Optional[bytes] = None, **more: int) -> None:
        """The board holds the digest of a file (or of `data`)."""
        item = {"digest": sha(f"cv-{kind}|".encode(), data or self.files[f"{kind}.json"]).hex(), **more}
        need(self.board[kind] == [item], f"{kind}.json: 게시판에 올린 것과 다릅니다 · differs from what the board says")

    def check_manifest(self) -> str:
        manifest = self.json["manifest.json"]
        good = self.signed("manifest", manifest) and canonical(manifest) == self.files["manifest.json"]
        need(good, "manifest.json: 서명이 맞지 않습니다 · wrong signature")
        hashes = {name: sha(data).hex() for name, data in self.files.items() if name != "manifest.json"}
        for name in sorted({**hashes, **manifest["files"]}):
            same = hashes.get(name) == manifest["files"].get(name)
            need(same, f"{name}: 파일이 서명된 목록과 다릅니다 · the file is not the one in the signed manifest")
        return f"파일 {len(hashes)}개가 서명된 목록과 같습니다 · {len(hashes)} files are as signed"

    def check_board(self) -> str:
        hashes, last, kinds = [], sha(b"cv-board|", self.vote.encode()), ""
        for seq, line in enumerate(self.files["board.jsonl"].splitlines()):
            row = json.loads(line)
            now = sha(last, canonical({"seq": seq, "kind": row["kind"], "item": row["item"]}))
            good = line == canonical({**row, "seq": seq, "prev": last.hex(), "hash": now.hex()})
            need(good, f"게시판 {seq}번 기록이 이어지지 않습니다 · board entry {seq} breaks the chain")
            last, kinds = now, kinds + (row["kind"][0] if row["kind"] != "note" else "")
            hashes.append(last.hex())
            self.board[row["kind"]].append(row["item"])
        order = re.fullmatch("n[bwv]*cpr", kinds)  # notice, (ballot, withdraw, void)…, counted, plaintexts, result
        need(order, "게시판 기록이 정해진 차례가 아닙니다 · board entries are not in the prescribed order")
        heads: list[Any] = self.json["heads.json"]
        for head in heads:
            good = head["seq"] >= 0 and hashes[head["seq"]] == head["hash"] and self.signed("head", head)
            need(good, f"게시판 {head['seq']}번의 서명이 맞지 않습니다 · wrong signature of head {head['seq']}")
        need(heads and heads[-1]["hash"] == last.hex(), "게시판 끝에 서명이 없습니다 · the board's end is not signed")
        self.posted("notice")
        self.gone.update(item["project"] for item in self.board["withdraw"])
        return f"게시판 기록 {len(hashes)}개가 이어집니다 · board: {len(hashes)} entries, {len(heads)} signatures"

    def check_counted(self) -> str:
        void, pairs = {item["tracker"] for item in self.board["void"]} - {None}, []
        allowed = set(self.board["ballot"]) - void
        for row in self.json["counted.json"]:
            tracker, sealed = row["tracker"], unb64(row["sealed"])
            mark = b32encode(sha(f"cv-trk|{self.vote}|".encode(), sealed)[:15]).decode()
            good = mark == tracker and len(sealed) == self.form["length"] + 48
            need(good, f"{tracker}: 봉인 투표지가 다릅니다 · the sealed ballot is not this tracker's")
            need(tracker in allowed, f"{tracker}: 게시판에 없거나 무효입니다 · not on the board, or voided")
            pairs.append([tracker, sha(sealed).hex()])
        self.counted, people = {tracker for tracker, _ in pairs}, self.json["participants.json"]["participants"]
        good = [tracker for tracker, _ in pairs] == sorted(self.counted)
        need(good, "counted.json: 순서가 틀리거나 겹칩니다 · wrong order or a ballot twice")
        need(people == len(pairs) + len(void), "참여자 수와 표의 수가 다릅니다 · participants and ballots differ")
        self.posted("counted", canonical(pairs), count=len(pairs), participants=people)
        return f"집계한 표 {len(pairs)}장이 모두 게시판에 있습니다 · {len(pairs)} ballots, all on the board"

    def parse(self, raw: bytes) -> Any:
        """The ballot in a decrypted plaintext, or None when it is malformed."""
        try:
            ballot = json.loads(raw)
            picks, points = ballot["c"], ballot.get("p", [1] * len(ballot["c"]))
            good = len(raw) == self.form["length"] and canonical(ballot) == raw.rstrip(b" ")
            good = good and set(ballot) - {"p"} == {"c", "r"}
            good = good and re.fullmatch("[0-9a-f]{32}", ballot["r"]) and type(picks) is type(points) is list
            good = good and picks == sorted(set(picks)) and all(isinstance(pick, str) for pick in picks)
            good = good and len(points) == len(picks) and all(type(n) is int and 0 < n <= 10**6 for n in points)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return ballot if good else None

    def fault(self, ballot: Any) -> str:
        """Why a ballot is not valid (a code), or an empty text."""
        picks, points, limits = ballot["c"], ballot.get("p"), self.form["points"]
        if not set(picks) <= set(self.costs):
            return "unknown-project"
        most, total = (limits["max"] or 10**6, limits["sum"] or 10**12) if limits else (0, 0)
        if (points is None) != (limits is None) or (points and (max(points) > most or sum(points) > total)):
            return "points"
        for part in [{**self.form, "projects": list(self.costs)}, *self.form["groups"]]:
            inside = set(picks).intersection(part["projects"])
            few, many = len(inside) < part["min"], part["max"] is not None and len(inside) > part["max"]
            limit = part["max_cost"]
            dear = limit is not None and sum(self.costs[pick] for pick in inside) > Fraction(limit)
            if few or many or dear:
                return "too-few" if few else "too-many" if many else "too-dear"
        return ""

    def check_plaintexts(self) -> str:
        opened, length = self.json["plaintexts.json"], self.form["length"]
        self.posted("plaintexts")
        texts, lost = [canonical(ballot) for ballot in opened["ballots"]], opened["undecryptable"]
        hashes = [sha(text) for text in texts]
        need(hashes == sorted(set(hashes)), "투표지의 순서가 틀리거나 겹칩니다 · wrong order or a plaintext twice")
        for text in texts:
            sound = self.parse(text.ljust(length)) and not self.fault(json.loads(text))
            need(sound, f"규칙에 어긋난 표가 유효표에 있습니다 · not a valid ballot: {text.decode()[:60]}")
        for row in opened["spoiled"]:
            raw = unb64(row["plaintext"])
            ballot = self.parse(raw)
            reason = self.fault(ballot) or ("duplicate" if raw.rstrip() in texts else "") if ballot else "malformed"
            need(row["reason"] == reason, "무효표의 사유가 맞지 않습니다 · a spoiled ballot's reason is wrong")
        total = len(texts) + len(opened["spoiled"]) + len(lost)
        good = total == len(self.counted) and lost == sorted(set(lost)) and self.counted.issuperset(lost)
        need(good, "열어 본 표와 집계한 표의 수가 다릅니다 · not as many plaintexts as counted ballots")
        self.ballots, bad = opened["ballots"], total - len(texts)
        return f"유효표 {len(texts)}장, 무효표 {bad}장 · {bad} spoiled ballots, {len(lost)} of them could not be opened"

    def check_result(self) -> str:
        claims, rules = self.json["result.json"]["contests"], self.notice["contests"]
        self.posted("result")
        need([one["pool"] for one in claims] == [rule["pool"] for rule in rules], "분야이 다릅니다 · contests differ")
        for rule, claim in zip(rules, claims):
            ids = [one["id"] for one in self.notice["projects"] if one["pool"] == rule["pool"]]
            mine = recount(rule, {one: self.costs[one] for one in ids}, self.ballots, self.gone)
            for name, value in mine.items():
                same = Fraction(claim[name]) == value if name == "spent" else claim[name] == value
                need(same, f"{rule['pool']}: 다시 센 결과가 다릅니다 · {name} differs, should be {value}")
        return f"{len(rules)}개 분야을 다시 세어 같은 결과를 얻었습니다 · {len(rules)} contests recounted, same result"

    def check_receipt(self, path: Path) -> str:
        receipt = json.loads(path.read_bytes())
        tracker = receipt["tracker"]
        need(self.signed("receipt", receipt), f"{path.name}: 접수증의 서명이 맞지 않습니다 · wrong signature")
        need(tracker in self.board["ballot"], f"{tracker}: 게시판에 없습니다 · accepted, but not on the board")
        if tracker in self.counted:
            return f"접수증 {tracker}: 게시판에 있고 집계했습니다 · on the board and counted"
        return f"접수증 {tracker}: 다시 투표했거나 무효가 되어 세지 않았습니다 · on the board, but replaced or voided"


def main(argv: Optional[list[str]] = None) -> None:
    parser = argparse.ArgumentParser(description="검증 묶음을 검증합니다. Checks a count bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--receipt", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--board-key", metavar="HEX", help="공고에 실린 게시판 공개키, from the notice of the vote")
    asked = parser.parse_args(argv)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console without Korean letters is no reason to fail
    try:
        it = Bundle(asked.bundle)
        print(f"{it.notice['title']} ({it.vote})\n게시판 공개키 board key {it.key.hex()}")
        need(asked.board_key in {None, it.key.hex()}, "게시판 공개키가 공고와 다릅니다 · not the board key you gave")
        for check in (it.check_manifest, it.check_board, it.check_counted, it.check_plaintexts, it.check_result):
            print("맞음 OK ", check())
        for path in asked.receipt:
            print("맞음 OK ", it.check_receipt(path))
    except Exception as error:
        need(False, f"파일이 손상되어 읽을 수 없습니다 · a file is damaged: {error!r}")
    print("모두 맞습니다 · All checks hold")


if __name__ == "__main__":
    main()
