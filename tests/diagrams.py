"""The state diagrams of ARCHITECTURE.md, made from the tables: `python -m tests.diagrams` writes them anew."""

from pathlib import Path

from civicvote.domain.lifecycles import WORKFLOWS

DOCUMENT = Path(__file__).resolve().parent.parent / "ARCHITECTURE.md"
BEGIN, END = "<!-- diagrams -->", "<!-- /diagrams -->"


def drawn() -> str:
    """All diagrams as they stand between the two marks."""
    return "\n\n".join(f"### {workflow.name}\n\n```mermaid\n{workflow.mermaid()}\n```" for workflow in WORKFLOWS)


def current(document: str) -> str:
    """The document with the diagrams of now."""
    before, rest = document.split(BEGIN)
    return f"{before}{BEGIN}\n{drawn()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    DOCUMENT.write_text(current(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
