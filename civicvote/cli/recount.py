"""`civicvote recount`: rebuild counters from the facts."""

import click

from civicvote import db
from civicvote.services import board
from civicvote.services.campaigns import proofs
from civicvote.services.deliberation import counters as forums
from civicvote.services.discussion import counters as talk
from civicvote.services.projects import counters as projects
from civicvote.services.proposals import counters as proposals
from civicvote.services.proposals import counting
from civicvote.settings import Settings

#: Everything that keeps figures beside the facts they sum up.
RECOUNTS = (
    projects.recount,
    proposals.recount,
    board.recount,
    counting.recount,
    forums.recount,
    talk.recount,
    proofs.recount,
)


@click.command()
def recount() -> None:
    """저장된 사실로 집계값을 다시 세고, 달랐던 것을 고친다."""
    settings = Settings()
    with db.opened(settings.url) as database, database.transaction() as session:
        drift = sum(counted(session) for counted in RECOUNTS)
    click.echo(f"어긋난 집계 {drift:,}건")
    if drift:
        raise SystemExit(1)
