"""civicvote 개표 검증 · checks a published vote and counts it again.

    python3 recount.py BUNDLE.zip [--receipt RECEIPT.json …] [--board-key HEX]

Python 3.9 이상, 이 파일과 recount_rules.py만 있으면 됩니다. Needs Python 3.9, this file and recount_rules.py beside it (the
rules of the count), nothing of the platform. Compare the board key it prints with the one in the notice of the vote.
"""

import argparse
import hashlib
import json
import re
import sys
import zipfile
from base64 import b32encode, b64decode
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from recount_rules import Contest, most  # type: ignore[import-not-found]

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
KINDS = {"notice", "ballot", "withdraw", "void", "desk", "note", "counted", "plaintexts", "result"}


def need(holds: Any, text: str) -> None:
    """End with `text` at the first thing that does not hold."""
    if not holds:
        sys.exit(f"틀림 NO  {text}")


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


# ---- Ed25519 (RFC 8032), verification only; a point is (X, Y, Z, T) in extended coordinates ----
def add(p: Any, q: Any) -> Any:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P


def decode(data: bytes) -> Any:
    y, sign = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and x * x % P == square, "공개키가 곡선 위의 점이 아닙니다 · a public key is not a point")
    return (P - x, y, 1, (P - x) * y % P) if x & 1 != sign else (x, y, 1, x * y % P)


def signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` over `message` is that of the holder of `public`."""
    key, s, base = decode(public), int.from_bytes(signature[32:], "little"), decode(b"\x58" + b"\x66" * 31)
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus = (P - key[0], key[1], 1, P - key[3])
    table, r = ((0, 1, 1, 0), base, minus, add(base, minus)), (0, 1, 1, 0)
    for bit in range(252, -1, -1):  # r becomes s·base - k·key, which has to be the signature's first half
        r = add(add(r, r), table[(s >> bit & 1) + 2 * (k >> bit & 1)])
    x, y = (part * pow(r[2], P - 2, P) % P for part in r[:2])
    return len(signature) == 64 and s < ORDER and (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


class Bundle:
    """The files; each check ends the program at the first thing that is wrong, or says what it found to be right."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
            need(len(self.files) == len(archive.namelist()), "한 이름의 파일이 둘입니다 · a file stands twice")
        self.json: Any = {name[:-5]: json.loads(data) for name, data in self.files.items() if name.endswith(".json")}
        for name, value in self.json.items():  # so that nobody reads the same file in two ways
            need(canonical(value) == self.files[f"{name}.json"], f"{name}.json: 다르게 적혔습니다 · not canonical JSON")
        self.notice, self.board = self.json["notice"], defaultdict[str, list[Any]](list)
        self.vote, self.form, self.key = self.notice["vote"], self.notice["ballot"], self.notice["keys"]["board"]
        self.costs = {one["id"]: Fraction(one["cost"]) for one in self.notice["projects"]}
        self.gone = {one["id"] for one in self.notice["projects"] if one["withdrawn"]}
        self.counted, self.ballots, self.unchecked = list[str](), None, list[str]()

    def signed(self, kind: str, body: Any) -> bool:
        """Whether the board's key signed `body`, whose signature stands in it."""
        rest = {name: body[name] for name in body if name != "signature"}
        mark, message = b64decode(body["signature"], validate=True), f"cv-{kind}|".encode() + canonical(rest)
        return bool(rest["vote"] == self.vote) and signed(bytes.fromhex(self.key), mark, message)

    def posted(self, kind: str, data: Any = None, **more: Any) -> None:
        item = {"digest": sha(f"cv-{kind}|".encode(), data or self.files[f"{kind}.json"]).hex(), **more}
        need(self.board[kind] == [item], f"{kind}.json: 게시판에 올린 것과 다릅니다 · differs from what the board says")

    def check_manifest(self) -> str:
        manifest, files = self.json["manifest"], {name: sha(data).hex() for name, data in self.files.items()}
        need(files.pop("manifest.json") and self.signed("manifest", manifest), "manifest.json: 서명 · wrong signature")
        for name in sorted({**files, **manifest["files"]}):
            need(files.get(name) == manifest["files"].get(name), f"{name}: 서명과 다릅니다 · not the file as signed")
        return f"파일 {len(files)}개가 서명된 목록과 같습니다 · {len(files)} files are as signed"

    def check_board(self) -> str:
        hashes, kinds, last = list[str](), list[str](), sha(b"cv-board|", self.vote.encode())
        for seq, line in enumerate(self.files["board.jsonl"].splitlines()):
            row, prev = json.loads(line), last
            last = sha(prev, canonical({"seq": seq, "kind": row["kind"], "item": row["item"]}))
            good = line == canonical({**row, "seq": seq, "prev": prev.hex(), "hash": last.hex()}) and len(row) == 5
            need(good, f"게시판 {seq}번 기록이 이어지지 않습니다 · board entry {seq} breaks the chain")
            self.board[row["kind"]].append(row["item"])
            kinds.append(row["kind"][0] if row["kind"] != "note" else "")
            hashes.append(last.hex())
        good = set(self.board) <= KINDS and bool(re.fullmatch("n[bwvd]*cpr", "".join(kinds)))
        need(good, "게시판 기록의 차례가 틀립니다 · board entries are out of order")
        for head in (heads := self.json["heads"]):
            good = head["seq"] >= 0 and hashes[head["seq"]] == head["hash"] and self.signed("head", head)
            need(good, f"게시판 {head['seq']}번의 서명이 맞지 않습니다 · wrong signature of head {head['seq']}")
        need(heads and heads[-1]["hash"] == last.hex(), "게시판 끝에 서명이 없습니다 · the board's end is not signed")
        self.posted("notice")
        self.gone.update(item["project"] for item in self.board["withdraw"])
        return f"게시판 기록 {len(hashes)}개가 이어집니다 · board: {len(hashes)} entries, {len(heads)} signatures"

    def check_counted(self) -> str:
        void, rows, cast = {item["tracker"] for item in self.board["void"]} - {None}, list[Any](), self.board["ballot"]
        for one in self.board["desk"]:
            parts = [len(one["trackers"]), one["blank"], one["void"]]
            good = one["papers"] == sum(parts) and one["valid"] == parts[0] and min(parts) >= 0
            need(good, f"종이 투표지 묶음 {one['batch']}: 장수가 틀립니다 · papers don't add up")
        paper = [tracker for one in self.board["desk"] for tracker in one["trackers"]]
        good = len({*cast, *paper}) == len(cast) + len(paper) and void <= set(cast)
        need(good, "게시판에 같은 표가 둘이거나 없는 표가 무효입니다 · a tracker twice, or a void one never cast")
        allowed = {*cast, *paper} - void
        for row in self.json["counted"]:
            tracker, sealed = row["tracker"], b64decode(row["sealed"], validate=True)
            mark = b32encode(sha(f"cv-trk|{self.vote}|".encode(), sealed)[:15]).decode()
            good = mark == tracker and len(sealed) == self.form["length"] + 48
            need(good, f"{tracker}: 봉인 투표지가 다릅니다 · the sealed ballot is not this tracker's")
            need(tracker in allowed, f"{tracker}: 게시판에 없거나 무효입니다 · not on the board, or voided")
            rows.append([tracker, sha(sealed).hex()])
        self.counted, people = [tracker for tracker, _ in rows], self.json["participants"]["participants"]
        need(self.counted == sorted(set(self.counted)), "counted.json: 순서가 틀립니다 · wrong order or a ballot twice")
        good = set(paper) <= set(self.counted) and people == len(rows) - len(paper) + len(void)
        need(good, "참여자 수와 표의 수가 다릅니다 · participants and ballots differ")
        self.posted("counted", canonical(rows), count=len(rows), participants=people)
        return f"집계한 표 {len(rows)}장이 모두 게시판에 있습니다 · {len(rows)} ballots, all on the board"

    def fault(self, raw: bytes) -> str:
        """Why a decrypted plaintext is not a valid ballot (a code as in plaintexts.json), or an empty text."""
        form, limit = self.form, self.form["points"]
        try:
            ballot = json.loads(raw)
            picks, points = ballot["c"], ballot.get("p", [1] * len(ballot["c"]))
            good = len(raw) == form["length"] and canonical(ballot) == raw.rstrip(b" ") and type(points) is list
            good = good and set(ballot) - {"p"} == {"c", "r"} and bool(re.fullmatch("[0-9a-f]{32}", ballot["r"]))
            good = good and picks == sorted(set(picks)) and all(isinstance(pick, str) for pick in picks)
            good = good and len(points) == len(picks) and all(type(n) is int and 0 < n <= 10**6 for n in points)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return "malformed"
        if not good or not set(picks) <= set(self.costs):
            return "unknown-project" if good else "malformed"
        large = limit and (max([0, *points]) > most(limit["max"]) or sum(points) > most(limit["sum"]))
        ranks = range(form["max"] - len(picks) + 1, form["max"] + 1) if form.get("ranking") else sorted(points)
        if ("p" in ballot) != (limit is not None) or large or sorted(points) != list(ranks):
            return "points"
        for part in [{**form, "projects": self.costs}, *form["groups"]]:
            costs = [self.costs[pick] for pick in picks if pick in part["projects"]]
            few, many, dear = part["min"], most(part["max"]), most(part["max_cost"])
            if not few <= len(costs) <= many or sum(costs) > dear:
                return "too-few" if len(costs) < few else "too-many" if len(costs) > many else "too-dear"
        return ""

    def check_plaintexts(self) -> str:
        withheld = {"withheld": True} if self.board["plaintexts"][0].get("withheld") is True else {}
        if withheld and "plaintexts" not in self.json:
            self.unchecked.append("투표지를 공개하지 않은 사업별 합계 · the totals, without the ballots")
            return "열어 본 투표지는 해시만 게시판에 있습니다 · of the opened ballots only the digest was published"
        self.posted("plaintexts", **withheld)
        opened, length = self.json["plaintexts"], self.form["length"]
        texts, lost = [canonical(ballot) for ballot in opened["ballots"]], opened["undecryptable"]
        hashes, known = [sha(text) for text in texts], set(texts)
        need(hashes == sorted(set(hashes)), "투표지의 순서가 틀리거나 겹칩니다 · wrong order or a plaintext twice")
        for text in texts:
            need(not self.fault(text.ljust(length)), f"유효하지 않은 표입니다 · not a valid ballot: {text[:60]!r}")
        for row in opened["spoiled"]:
            raw = b64decode(row["plaintext"], validate=True)
            reason = self.fault(raw) or ("duplicate" if raw.rstrip(b" ") in known else b"valid")  # no JSON equals bytes
            need(row["reason"] == reason, f"무효 사유가 다릅니다 · a spoiled ballot's reason is wrong: {reason!r}")
        self.ballots, bad = opened["ballots"], len(opened["spoiled"]) + len(lost)
        good = len(texts) + bad == len(self.counted) and lost == sorted(set(lost) & set(self.counted))
        need(good, "열어 본 표와 집계한 표의 수가 다릅니다 · not as many plaintexts as counted ballots")
        return f"유효표 {len(texts)}장, 무효표 {bad}장 · {bad} spoiled ballots, {len(lost)} of them could not be opened"

    def check_result(self) -> str:
        claims, rules, flowed = self.json["result"]["contests"], self.notice["contests"], defaultdict[Any, Any](int)
        self.posted("result")
        need([one["pool"] for one in claims] == [rule["pool"] for rule in rules], "분야가 다릅니다 · contests differ")
        for rule, claim in zip(rules, claims):
            costs = {one["id"]: Fraction(one["cost"]) for one in self.notice["projects"] if one["pool"] == rule["pool"]}
            it = Contest(rule, costs, self.gone, Fraction(rule["budget"]) + flowed[rule["pool"]])
            it.read(self.ballots or [])
            good = self.ballots is not None or (it.believe(claim) and it.voters <= len(self.counted))
            need(good, f"{rule['pool']}: 나올 수 없는 합계입니다 · no ballots can have these totals")
            blind = self.ballots is None and rule["rule"] in {"equal-shares", "phragmen", "phragmen-skip"}
            if blind:
                self.unchecked.append(f"{rule['pool']}: 선정 결과 · which projects were chosen, without the ballots")
                need(it.fits(claim["selected"]), f"{rule['pool']}: 선정할 수 없는 사업 · selected against the rules")
            chosen = claim["selected"] if blind else it.count()
            spent = it.budget - max(it.left(chosen), Fraction(0))
            mine = {"ballots": it.voters, "void": it.void, "votes": it.votes, "points": it.score, "selected": chosen}
            said = {"points": claim["votes"], **claim, **{name: Fraction(claim[name]) for name in ("budget", "spent")}}
            for name, value in {**mine, "budget": it.budget, "spent": spent}.items():
                need(said[name] == value, f"{rule['pool']}: 결과가 다릅니다 · {name} differs, should be {value}")
            flowed[rule.get("leftover_to")] += it.budget - spent
        return f"{len(rules)}개 분야의 예산과 결과가 맞습니다 · {len(rules)} contests, budgets and results hold"

    def check_receipt(self, path: Path) -> str:
        tracker = (receipt := json.loads(path.read_bytes()))["tracker"]
        need(self.signed("receipt", receipt), f"{path.name}: 접수증의 서명이 맞지 않습니다 · wrong signature")
        need(tracker in self.board["ballot"], f"{tracker}: 게시판에 없습니다 · accepted, but not on the board")
        fate = "집계함 · counted" if tracker in self.counted else "다시 투표했거나 무효로 처리함 · replaced or voided"
        return f"접수증 {tracker}: 게시판에 있음 on the board, {fate}"


def main(argv: Any = None) -> None:
    parser = argparse.ArgumentParser(description="검증 묶음을 검증합니다. Checks a count bundle.")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--receipt", type=Path, nargs="*", action="extend", default=[], metavar="FILE")
    parser.add_argument("--board-key", metavar="HEX", help="공고에 실린 게시판 공개키, from the notice of the vote")
    asked = parser.parse_args(argv)
    try:
        it = Bundle(asked.bundle)
        if hasattr(sys.stdout, "reconfigure"):  # a console without Korean letters is no reason to fail
            sys.stdout.reconfigure(errors="replace")
        print(f"{it.notice['title']} ({it.vote})\n게시판 공개키 board key {it.key}")
        need(asked.board_key in {None, it.key}, "게시판 공개키가 공고와 다릅니다 · not the board key you gave")
        for check in (it.check_manifest, it.check_board, it.check_counted, it.check_plaintexts, it.check_result):
            print("맞음 OK ", check())
        for path in asked.receipt:
            print("맞음 OK ", it.check_receipt(path))
    except Exception as error:
        need(False, f"파일이 손상되어 읽을 수 없습니다 · a file is damaged: {error!r}")
    for text in it.unchecked:
        print("확인 못 함 NOT CHECKED ", text)
    print("나머지는 모두 맞습니다 · All else holds" if it.unchecked else "모두 맞습니다 · All checks hold")


if __name__ == "__main__":
    main()
