"""An election as it would be with more supporters of a project, or with the project at another cost."""

from dataclasses import replace

import numpy as np

from civicvote.domain.tally.election import Amount, Election
from civicvote.domain.tally.rows import Columns, Rows
from civicvote.domain.tally.why.room import top_points


def with_supporters(election: Election, project: str, extra: int) -> Election:
    """`extra` more people, each for `project` alone, with the most points that any ballot gives a project."""
    if not extra:
        return election
    rows, number, top = election.rows, election.index[project], top_points(election)
    points = None if rows.points is None else np.append(rows.points, top)
    more = Rows(
        np.append(rows.indptr, rows.indptr[-1] + 1),
        np.append(rows.picks, np.int32(number)),
        points,
        np.append(rows.people, extra),
    )
    result = replace(election, rows=more, voters=election.voters + extra)
    columns, end = election.columns, int(election.columns.indptr[number + 1])
    indptr = columns.indptr.copy()
    indptr[number + 1 :] += 1
    known = {
        "columns": Columns(  # one more entry, without sorting everything again
            indptr,
            np.insert(columns.groups, end, len(rows.people)),
            None if columns.points is None else np.insert(columns.points, end, top),
        ),
        "votes": _raised(election.votes, number, extra),
        "raw_scores": _raised(election.raw_scores, number, extra * top),
    }
    result.__dict__.update(known)
    return result


def _raised(values: tuple[int, ...], number: int, by: int) -> tuple[int, ...]:
    return (*values[:number], values[number] + by, *values[number + 1 :])


def with_cost(election: Election, project: str, cost: Amount) -> Election:
    """`project` at another cost."""
    changed = tuple(replace(one, cost=cost) if one.id == project else one for one in election.projects)
    result = replace(election, projects=changed)
    result.__dict__.update(columns=election.columns, votes=election.votes, raw_scores=election.raw_scores)
    return result
