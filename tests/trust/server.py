"""A real server on a scratch instance that a test may kill, and voters that never give up until they hold a receipt."""

import html
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from civicvote.domain.ballots.receipts import Receipt
from tests.support.ports import free_port
from tests.support.voting import form_key

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
#: Seconds a voter repeats one form: on a busy machine a server that is killed again and again may be long in answering.
STUBBORN = 600.0
_PULSE = threading.Event()


def pause(seconds: float) -> None:
    """Let others run; what is waited for is a process outside Python, which sets no event."""
    _PULSE.wait(seconds)


@dataclass
class Server:
    """gunicorn in a process group of its own, logging into `folder/server.log`."""

    folder: Path
    url: str
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def source(self) -> Path:
        """A copy of the program: each cold start reads the same files, whoever edits the originals meanwhile."""
        copy = self.folder / "source"
        if not copy.exists():
            for part in ("civicvote", "templates", "static"):
                shutil.copytree(ROOT / part, copy / part)
        return copy

    def start(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CIVICVOTE_")} | {
            "CIVICVOTE_INSTANCE": str(self.folder),
            "CIVICVOTE_DATABASE_URL": self.url,
            "CIVICVOTE_KEYS": str(self.folder / "keys"),
            "CIVICVOTE_BASE_URL": f"http://127.0.0.1:{self.port}",
        }
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "civicvote.app:create_app()",
            "--preload",
            "--threads",
            "8",
            "--bind",
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, f"127.0.0.1:{self.port}"],
                cwd=self.source,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.starts += 1

    def kill_workers(self) -> None:
        """SIGKILL to every process that answers requests; the master, which answers none, starts new ones."""
        assert self.process is not None
        for worker in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split():
            os.kill(int(worker), signal.SIGKILL)

    def kill(self) -> None:
        """SIGKILL to master and workers at once: nobody gets to say good-bye."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


@dataclass
class Client(threading.Thread):
    """One citizen's browser: casts again and again, repeating each form until its receipt is there."""

    port: int
    slug: str
    token: str
    choices: list[tuple[str, ...]]
    stop: threading.Event
    given: list[tuple[str, tuple[str, ...], Receipt]] = field(default_factory=list)
    repeats: int = 0
    trouble: str = ""

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self._cookies = {"cv": self.token}
        self._csrf = ""

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        for picks in self.choices:
            if self.stop.is_set():
                return
            key, until = form_key(), time.monotonic() + STUBBORN
            while (receipt := self._cast(picks, key)) is None:
                self.repeats += 1
                if not self.trouble and time.monotonic() > until:
                    self.trouble = "no answer"
                if self.trouble:
                    return
                pause(0.02)
            self.given.append((key, picks, receipt))

    def _cast(self, picks: tuple[str, ...], key: str) -> Receipt | None:
        """The receipt, or None when the server was gone before it answered."""
        try:
            if not self._csrf:
                self._open()
            form = [("csrf_token", self._csrf), ("key", key), *(("picks", pick) for pick in picks)]
            status, text = self._ask("POST", f"/budget/{self.slug}/vote/receipt", urlencode(form))
        except (OSError, http.client.HTTPException):
            return None
        if status in {429, 503}:
            return None
        if status != 200:
            self.trouble = f"{status}: {text[:2000]}"
            return None
        return Receipt.from_document({name: _hidden(text, name) for name in ("vote", "tracker", "minute", "signature")})

    def _open(self) -> None:
        status, text = self._ask("GET", f"/budget/{self.slug}/vote", None)
        if status == 200:
            self._csrf = _hidden(text, "csrf_token")
        else:
            raise ConnectionError(status)

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
            for cookie in answer.headers.get_all("Set-Cookie") or []:
                name, _, value = cookie.split(";")[0].partition("=")
                self._cookies[name] = value
            return answer.status, text
        finally:
            connection.close()


def _hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', text)
    assert found, name
    return html.unescape(found[1])
