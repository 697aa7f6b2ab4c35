"""Processes that cast, seen from the test: what they were given to do, and what they have acknowledged so far."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from civicvote.domain.permissions import Actor
from tests.support.voting import form_key
from tests.trust.conftest import Station

ROOT = Path(__file__).parents[2]
#: Number of the person, picks, key of the form.
Form = tuple[int, tuple[str, ...], str]


def forms(count: int, people: int) -> list[Form]:
    """`count` forms, of `people` in turn, each with two of the station's twelve projects."""
    return [
        (number % people, (f"A{number % 12 + 1}", f"A{number // 12 % 11 + number % 12 + 2}"), form_key())
        if number // 12 % 11 + number % 12 + 2 <= 12
        else (number % people, (f"A{number % 12 + 1}",), form_key())
        for number in range(count)
    ]


@dataclass
class Caster:
    """One process that casts the forms it is given, in order."""

    station: Station
    people: Sequence[Actor]
    forms: Sequence[Form]
    patient: bool = False
    before: Sequence[str] = ()
    told: dict[str, str] = field(default_factory=dict)
    _rest: bytes = b""

    def start(self) -> "Caster":
        with (self.station.folder / "caster.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.before, sys.executable, "-m", "tests.trust.caster"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
            )
        work = {
            "url": self.station.url,
            "keys": str(self.station.keys.folder),
            "slug": self.station.slug,
            "people": [(str(person.id), str(person.person_id)) for person in self.people],
            "forms": self.forms,
            "patient": self.patient,
        }
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(work).encode())
        self.process.stdin.close()
        return self

    def drain(self, wait: float = 0.0) -> int:
        """Take what has been acknowledged by now; `wait`: seconds to wait for more. Returns how many lines came."""
        assert self.process.stdout is not None
        came, handle = 0, self.process.stdout.fileno()
        while select.select([handle], [], [], 0 if came else wait)[0]:
            text = os.read(handle, 65536)
            if not text:
                break
            *lines, self._rest = (self._rest + text).split(b"\n")
            for line in lines:
                key, tracker = line.decode().split()
                assert self.told.setdefault(key, tracker) == tracker, "one receipt per key"
            came += len(lines)
        return came

    def until(self, more: int) -> None:
        """Wait until `more` acknowledgements have come since now, or the process has ended."""
        wanted = len(self.told) + more
        while len(self.told) < wanted:
            if not self.drain(30) and self.process.poll() is not None:
                return

    def stop(self) -> None:
        """Hold the process where it is, whatever it is doing."""
        self.process.send_signal(signal.SIGSTOP)
        while Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in {"T", "t"}:
            select.select([], [], [], 0.001)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> int:
        """Wait for it, or kill what never ends; its exit status."""
        try:
            while self.process.poll() is None:
                self.drain(0.2)
            self.drain()
        finally:
            self.kill()
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(60)
        assert self.process.stdout is not None
        self.drain()
        self.process.stdout.close()
