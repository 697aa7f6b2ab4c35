"""Several electorates counted together by their weights."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from civicvote.cli.elections import read
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.pabulib import PabulibError, election
from civicvote.domain.pabulib.numbers import positive
from civicvote.domain.tally import Election, Method
from civicvote.domain.tally.electorates import Electorate, combine


def together(given: Sequence[str]) -> Election:
    """The electorates of `FILE=WEIGHT`, combined. Raises `InvalidError`."""
    parts = []
    for text in given:
        name, mark, weight = text.rpartition("=")
        if not mark:
            raise InvalidError(msg("선거인단은 FILE=비중으로 적어 주십시오: %(text)s", text=text), field="electorate")
        try:
            share = Fraction(positive(weight.strip(), 0, msg("비중").text))
            parts.append(Electorate(name, share, election(read(Path(name)))))
        except PabulibError as error:
            raise InvalidError(msg("%(file)s: %(what)s", file=name, what=error.reason)) from None
    return combine(parts)


def fits(method: Method) -> bool:
    """Weighted shares decide by rank; rules that hand out money need one kind of voter."""
    return method in {Method.GREEDY, Method.GREEDY_NO_SKIP, Method.GREEDY_POZNAN, Method.GREEDY_PER_COST}
