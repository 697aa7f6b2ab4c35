"""civicvote 개표 검증 · checks a published vote and counts it again.

    python3 recount.py bundle.zip [--receipt RECEIPT.json …] [--board-key HEX] [--head HEX …]

Python 3.9 이상과 이 폴더의 recount로 시작하는 네 파일만 있으면 됩니다. 인터넷은 필요 없습니다.
Needs Python 3.9 and the four files whose names begin with "recount", no network, and no code of the platform. It checks:

1. files       every file is the one that the holder of the board's key signed (manifest.json)
2. board       each entry follows from the one before, up to a signed end; the first is the notice's digest
3. counted     the sealed ballots are on the board, none is voided, and people = ballots online + voided ones
4. plaintexts  as many opened ballots as sealed ones; each is valid under the notice, or spoiled for the reason given
5. result      every contest, counted again by the notice's rule, gives exactly result.json
6. receipts    signed by the board's key, and on the board

recount_files.py reads, recount_ballots.py says which ballots count, recount_rules.py counts. What it can't show it says.
"""

import sys

if sys.version_info < (3, 9):
    sys.exit("Python 3.9 이상이 필요합니다 · Python 3.9 or later is needed: https://www.python.org")

import argparse
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
try:
    from recount_ballots import CAST, PAPER, amount, believe, checked, counted, fits, opened  # type: ignore[import-not-found]
    from recount_files import JSON, PIECE, TELL, Files, canonical, clean, need, read, sha, shape, signed, stop, unb64  # type: ignore[import-not-found]
    from recount_rules import Contest  # type: ignore[import-not-found]
except ImportError as missing:
    sys.exit(
        f"{missing.name}.py 파일이 없습니다. 투표 결과 화면에서 내려받거나 검증 묶음(zip)의 압축을 풀어, 이름이 recount로 시작하는 "
        f"파일 네 개를 한 폴더에 두십시오.\n{missing.name}.py is missing. Put all four files whose names begin with recount "
        "into one folder: download them from the page of the result, or unpack the bundle."
    )

PROGRAMS = ("recount.py", "recount_files.py", "recount_ballots.py", "recount_rules.py")
LIMITS = """
이 검증으로 알 수 없는 것 · What this cannot show
 - 위의 게시판 공개키가 투표 공고에 실린 것인지는 직접 비교해 주십시오(--board-key) · whether the board key is the one announced
 - 열어 본 표가 봉인된 표의 내용인지는 열쇠를 쓴 사람들이 함께 확인합니다 · that what was opened is what was sealed: its key is needed
 - 참여자 수와 그 사람들의 투표 자격은 명부를 보는 감사 담당이 확인합니다 · who took part, and with what right: auditors see the roll
 - 내 표가 게시판에 있는지는 접수증으로 확인합니다(--receipt) · that your own ballot is on the board: your receipt shows it
 - 게시판이 바뀌지 않았는지는 전에 적어 둔 해시로 확인합니다(--head) · that the board is the one of before: a hash you noted"""
TRACKER, MANY = re.compile("[A-Z2-7]{24}"), 2 * 10**7  # ballots on the board; ten million people may all vote twice
#: Kind of entry: at which stage of the board it may stand → the stage that it brings. It begins at 0 and ends at 4.
STAGES = {"notice": {0: 1}, "counted": {1: 2}, "plaintexts": {2: 3}, "result": {3: 4}}
STAGES.update({kind: {1: 1} for kind in ("ballot", "withdraw", "void", "desk")}, note={1: 1, 2: 2, 3: 3, 4: 4})


class Vote:
    """A published vote. Each check ends the program at the first thing that is wrong, or says what it found right."""

    def __init__(self, files: Files) -> None:
        self.files, self.notice = files, checked(files.document("notice.json"))
        self.vote, self.form, self.key = self.notice["vote"], self.notice["ballot"], self.notice["keys"]["board"]
        self.costs = {one["id"]: amount(one["cost"]) for one in self.notice["projects"]}
        self.gone = {one["id"] for one in self.notice["projects"] if one["withdrawn"]}
        self.contests, pools = list[Contest](), {one["id"]: one["pool"] for one in self.notice["projects"]}
        for rule in self.notice["contests"]:
            costs = {one: cost for one, cost in self.costs.items() if pools[one] == rule["pool"]}
            self.contests.append(Contest(rule, costs, self.gone))
        good = all(it.sound() for it in self.contests)
        need(good, "notice.json: 스스로 어긋난 규칙입니다 · what is settled breaks the rule's own limits")
        self.posted, self.fate = dict[str, Any](), dict[str, str]()  # items by kind; tracker → what became of it
        self.count, self.voids, self.batches = 0, set[Any](), set[int]()
        self.pooled, self.unchecked, self.unusual = False, list[str](), ""

    def signed(self, kind: str, body: Any) -> bool:
        """Whether the board's key signed `body`, whose signature stands in it."""
        rest = {name: body[name] for name in body if name != "signature"}
        message, mark = f"cv-{kind}|{canonical(rest)}".encode(), unb64(body["signature"])
        return bool(rest["vote"] == self.vote) and signed(bytes.fromhex(self.key), mark, message)

    def compare(self, kind: str, **item: Any) -> None:
        """The board's entry of this kind has to be `item`, with the digest of the file of this name."""
        good = canonical(self.posted[kind]) == canonical({"digest": self.hashes[f"{kind}.json"][1], **item})
        need(good, f"{kind}.json: 게시판에 올린 것과 다릅니다 · differs from what the board says")

    def check_files(self) -> str:
        manifest, names = self.files.document("manifest.json"), {*self.files.names} - {"manifest.json"}
        good = shape(manifest, format=str, vote=str, files=dict, signature=str) and self.signed("manifest", manifest)
        need(good and manifest["format"] == "civicvote-bundle/1", "manifest.json: 서명 · wrong signature")
        self.hashes = {name: self.files.hashes(name) for name in sorted(names)}
        for name in sorted({*names, *manifest["files"]}):
            good = name in names and self.hashes[name][0] == manifest["files"].get(name)
            need(good, f"{name}: 서명과 다릅니다 · not the file as signed")
        return f"파일 {len(names)}개가 서명된 목록과 같습니다 · {len(names)} files are as signed"

    def check_board(self, noted: Any = ()) -> str:
        """`noted`: hashes that somebody saw on the board before; they have to be in it still."""
        heads, last, stage, unseen = self.files.each("heads.json"), sha(f"cv-board|{self.vote}".encode()), 0, set(noted)
        head, seq, end, signatures, new, outside = next(heads, None), -1, -1, 0, 0, 0
        first, close = self.notice["opens_at"][:16], self.notice["closes_at"][:16]
        for seq, line in enumerate(self.files.lines("board.jsonl")):
            row, prev = read(line, "board.jsonl"), last
            last = sha(prev, canonical({"seq": seq, "kind": row["kind"], "item": row["item"]}).encode())
            good = canonical(row) == canonical({**row, "seq": seq, "prev": prev.hex(), "hash": last.hex()})
            good = good and len(row) == 5
            need(good, f"게시판 {seq}번 기록이 이어지지 않습니다 · board entry {seq} breaks the chain")
            stage = STAGES.get(row["kind"], {}).get(stage, -1)
            need(stage >= 0, f"게시판 {seq}번 기록의 차례가 틀립니다 · board entry {seq} is out of order")
            self.enter(row["kind"], row["item"], f"게시판 {seq}번 기록 · board entry {seq}")
            new += row["kind"] == "ballot"
            unseen.discard(last.hex())
            while head and head["seq"] == seq:
                good = shape(head, vote=str, seq=int, hash=str, at=str, signature=str) and head["hash"] == last.hex()
                good = good and self.signed("head", head)
                need(good, f"게시판 {seq}번의 서명이 맞지 않습니다 · wrong signature of head {seq}")
                outside, new = outside + (0 if first <= head["at"] <= close else new), 0
                head, end, signatures = next(heads, None), seq, signatures + 1
        need(stage == 4, "게시판이 결과까지 이어지지 않습니다 · board entries are out of order: no result at its end")
        need(
            head is None and end == seq,
            "게시판 끝에 서명이 없습니다 · the board's end is not signed, or heads are astray",
        )
        need(not unseen, f"적어 두신 게시판 해시가 없습니다 · not on this board: {', '.join(unseen)}")
        self.compare("notice")
        if outside:  # some minutes after the close are normal: ballots cast just before it
            self.unusual = (
                f"투표 기간 밖에 게시한 표 {outside}장 · {outside} ballots were posted outside the hours of the vote"
            )
        return f"게시판 기록 {seq + 1}개가 이어집니다 · board: {seq + 1} entries, {signatures} signatures"

    def enter(self, kind: str, item: Any, place: str) -> None:
        """Take an entry of the board."""
        self.posted[kind], some = item, [(item, CAST)] if kind == "ballot" else []
        if kind == "desk":
            numbers = dict.fromkeys(("batch", "papers", "valid", "blank", "void"), int)
            good = shape(item, trackers=list, **numbers) and min(item[name] for name in numbers) >= 0
            good = good and item["valid"] == len(item["trackers"]) == item["papers"] - item["blank"] - item["void"]
            need(good and item["batch"] not in self.batches, f"{place}: 종이 투표지의 장수 · papers don't add up")
            self.batches.add(item["batch"])
            some = [(tracker, PAPER) for tracker in item["trackers"]]
        if kind == "withdraw":
            need(
                set(item) == {"project", "reason"} and item["project"] in self.costs, f"{place}: 없는 사업 · no project"
            )
            self.gone.add(item["project"])
        if kind == "void":
            need(set(item) == {"tracker", "reason"}, f"{place}: 무효 기록의 형식 · form of a void entry")
            self.voids.add(item["tracker"])
        for tracker, fate in some:
            good = type(tracker) is str and TRACKER.fullmatch(tracker) and tracker not in self.fate
            need(
                good and len(self.fate) < MANY,
                f"{place}: 같은 추적번호가 둘이거나 형식이 다릅니다 · a tracker twice, or none",
            )
            self.fate[tracker] = fate

    def check_result(self) -> str:
        result, mine, flowed = self.files.document("result.json"), list[Any](), defaultdict[Any, Any](int)
        pools = [it.rule["pool"] for it in self.contests]
        need([one["pool"] for one in result["contests"]] == pools, "분야가 다릅니다 · contests differ")
        for it, claim in zip(self.contests, result["contests"]):
            pool, rule = it.rule["pool"], it.rule["rule"]
            blind = self.pooled and rule in {"equal-shares", "phragmen", "phragmen-skip"}
            it.budget += flowed[pool]
            it.add_up()
            good = not self.pooled or (believe(it, claim, self.form) and it.voters <= self.count)
            need(good, f"{pool}: 나올 수 없는 합계입니다 · no ballots can have these totals")
            if blind:
                self.unchecked.append(f"{pool}: 선정 결과 · which projects were chosen, without the ballots")
                need(fits(it, claim["selected"]), f"{pool}: 선정할 수 없는 사업 · selected against the rules")
            found, left = it.result(claim["selected"] if blind else it.count())
            for name in sorted({*found, *claim}):
                good = name in found and canonical(claim.get(name)) == canonical(found[name])
                need(good, f"{pool}: 결과가 다릅니다 · {name} differs, should be {found.get(name, 'missing')}")
            mine.append(found)
            flowed[it.rule["leftover_to"]] += left
        whole = {"format": "civicvote-result/2", "vote": self.vote, "contests": mine}
        need(canonical(result) == canonical(whole), "result.json: 형식이 다릅니다 · another form, or of another vote")
        self.compare("result")
        return f"{len(mine)}개 분야의 예산과 결과가 맞습니다 · {len(mine)} contests, budgets and results hold"

    def check_receipt(self, path: Path) -> str:
        receipt = JSON.decode(path.read_bytes()[:PIECE].decode())
        good = shape(receipt, vote=str, tracker=str, minute=str, signature=str) and self.signed("receipt", receipt)
        need(good, f"{path.name}: 접수증의 서명이 맞지 않습니다 · wrong signature")
        tracker = receipt["tracker"]
        need(tracker in self.fate, f"{tracker}: 게시판에 없습니다 · accepted, but not on the board")
        return f"접수증 {tracker}: 게시판에 있음 on the board, {self.fate[tracker]}"


def begin(vote: Vote) -> None:
    """Say what is checked and by what, to be compared with what stands elsewhere."""
    print(f"투표 vote  {clean(vote.notice['title'])} ({vote.vote})\n게시판 공개키 board key  {vote.key}")
    print("이 프로그램의 해시 · this program's hashes (SHA-256)")
    for name, own in ((name, sha((HERE / name).read_bytes()).hex()) for name in PROGRAMS):
        same = name in vote.files.names and vote.files.hashes(name)[0] == own
        print(f"  {own}  {name}  {'= 묶음 · as in the bundle' if same else '≠ 묶음 · NOT as in the bundle'}")


def end(vote: Vote) -> None:
    """Say what was not checked, and what nobody can check from a bundle."""
    copies = ", ".join(sorted({*vote.files.names} - {*PROGRAMS} - vote.files.used))
    print(LIMITS, f" - 다음 사본은 비교하지 않았습니다 · files nobody compared: {clean(copies)}", sep="\n")
    if vote.unusual:
        print(" -", vote.unusual)
    print(f"\n의심스러운 점이 있으면, If you have a doubt:\n{TELL}\n")
    for text in vote.unchecked:
        print("확인 못 함 NOT CHECKED ", clean(text))
    print("나머지는 모두 맞습니다 · All else holds" if vote.unchecked else "모두 맞습니다 · All checks hold")


def main(argv: Any = None) -> None:
    parser = argparse.ArgumentParser(description="검증 묶음을 검증합니다. Checks the bundle of a published vote.")
    parser.add_argument("bundle", type=Path, nargs="?", help="bundle.zip")
    parser.add_argument("--receipt", type=Path, nargs="*", action="extend", default=[], metavar="FILE", help="접수증")
    parser.add_argument("--board-key", metavar="HEX", help="공고에 실린 게시판 공개키 · the board key in the notice")
    parser.add_argument(
        "--head", nargs="*", action="extend", default=[], metavar="HEX", help="적어 둔 해시 · noted before"
    )
    asked = parser.parse_args(argv)
    if hasattr(sys.stdout, "reconfigure"):  # a console without Korean letters is no reason to fail
        sys.stdout.reconfigure(errors="replace")
    if asked.bundle is None:
        stop("묶음 파일을 적어 주십시오 · name the bundle:  python3 recount.py bundle.zip")
    files = None
    try:
        files = Files(asked.bundle)
        vote = Vote(files)
        begin(vote)
        need(asked.board_key in {None, vote.key}, "게시판 공개키가 공고와 다릅니다 · not the board key you gave")
        print("맞음 OK ", vote.check_files(), flush=True)
        print("맞음 OK ", vote.check_board(asked.head), flush=True)
        print("맞음 OK ", counted(vote), flush=True)
        print("맞음 OK ", opened(vote), flush=True)
        print("맞음 OK ", vote.check_result(), flush=True)
        for path in asked.receipt:
            files.reading = path.name
            print("맞음 OK ", vote.check_receipt(path))
    except KeyboardInterrupt:
        stop("중단했습니다 · interrupted")
    except (OSError, MemoryError) as error:
        stop(repr(error))
    except Exception as error:
        name = files.reading if files else asked.bundle.name
        need(False, f"{name}: 파일이 손상되었거나 형식이 다릅니다 · a file is damaged, or of another form: {error!r}")
    end(vote)


if __name__ == "__main__":
    main()
