"""`python -m bench.files`: reading `.pb` against its target (200,000 ballots a second, a million of ten picks in 10 s).

CPU seconds of one process, and the peak of its memory with the file's bytes.
"""

import resource
import time
from itertools import pairwise

from bench.cities import city
from civicvote.domain.pabulib import dump, election, from_election, parse, report
from civicvote.domain.tally import Election


def written(voters: int) -> bytes:
    """A city's election as a file; its ballots in the order they were drawn."""
    contest: Election = city(voters, 100, 10)
    ids = [project.id for project in contest.projects]
    head = dump(from_election(Election.of(contest.projects, contest.budget, []), {}))
    picks, people = contest.rows.picks.tolist(), contest.rows.people.tolist()
    rows: list[str] = []
    for (start, end), count in zip(pairwise(contest.rows.indptr.tolist()), people, strict=True):
        rows += [",".join([ids[pick] for pick in picks[start:end]])] * count
    return head + "".join(f"{number};{row}\n" for number, row in enumerate(rows, 1)).encode()


def main() -> None:
    """Read, check, write."""
    print(f"{'ballots':>10} {'parse s':>8} {'arrays s':>9} {'ballots/s':>10} {'report s':>9} {'dump s':>7} {'MB':>6}")
    for voters in (10_000, 100_000, 1_000_000):
        data = written(voters)
        moments = [time.process_time()]
        file = parse(data)
        moments.append(time.process_time())
        contest = election(file)
        moments.append(time.process_time())
        report(file, recount=False, contest=contest)
        moments.append(time.process_time())
        same = dump(file) == data
        moments.append(time.process_time())
        if not same or contest.voters != voters:
            raise SystemExit("the file did not come back")
        parsed, arrays, told, back = (after - before for before, after in pairwise(moments))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        speed = voters / (parsed + arrays)
        print(f"{voters:>10,} {parsed:>8.2f} {arrays:>9.2f} {speed:>10,.0f} {told:>9.2f} {back:>7.2f} {peak:>6,}")


if __name__ == "__main__":
    main()
