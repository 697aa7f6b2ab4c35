"""A worker that dies: `python -m tests.trust.courier URL FOLDER LETTERS before|after` sends some letters, then kills itself.

"before": with the next letter in its hands; "after": sent, but not reported as done.
"""

import os
import signal
import sys
from email.message import EmailMessage
from pathlib import Path

from civicvote import db, jobs
from civicvote.app import create_app
from civicvote.services import mail
from civicvote.settings import Settings


class Mortal:
    """Lays letters into a folder until its hour."""

    def __init__(self, folder: Path, letters: int, when: str) -> None:
        self.folder, self.left, self.when = mail.Folder(folder), letters, when

    def send(self, letter: EmailMessage) -> None:
        if self.left == 0 and self.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        self.folder.send(letter)
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


def main() -> None:
    url, folder, letters, when = sys.argv[1:]
    settings = Settings(instance=Path(folder).parent / "instance", base_url="http://localhost")
    app = create_app(settings, database=db.Database(db.make_engine(url)), testing=True)
    with app.app_context():
        while jobs.deliver(app, settings, Mortal(Path(folder), int(letters), when)):
            pass


if __name__ == "__main__":
    main()
