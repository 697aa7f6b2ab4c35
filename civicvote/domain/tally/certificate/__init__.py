"""A certificate of a count: every price in order, checked with additions and comparisons only.

    text = json.dumps(certificate(election, outcome))
    verify(election, json.loads(text))               # raises InvalidError and names what is wrong

`verify` shares no code with the rules. What it shows: Equal Shares: that each purchase was paid in full by its
supporters at the price given and that nobody else was cheaper, that the last run ends where it should, what add1u and
utilitarian added, and, for add1, that the next endowment would overspend or that the stop applied. (That no earlier
endowment overspent takes a recount.) Greedy: the whole count. Phragmén: every load, and that nobody's was lower.
"""

from civicvote.domain.tally.certificate.making import FORMAT, certificate
from civicvote.domain.tally.certificate.verifying import verify

__all__ = ["FORMAT", "certificate", "verify"]
