"""Letters: made as EmailMessage, handed to console, file or SMTP behind one method."""

import os
import smtplib
import ssl
import sys
from collections.abc import Mapping
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Protocol


class Carrier(Protocol):
    """Takes a letter or raises; what raised is tried again later."""

    def send(self, letter: EmailMessage) -> None:
        """Hand the letter over."""


class Console:
    """Prints letters: for developers."""

    def send(self, letter: EmailMessage) -> None:
        """Print it."""
        sys.stdout.write(f"{letter['To']}\n{letter['Subject']}\n\n{letter.get_content()}\n")
        sys.stdout.flush()


class Folder:
    """Lays each letter into a folder as .eml: for demos and tests. Sending the same letter again replaces the file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, letter: EmailMessage) -> None:
        """Write it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = str(letter["Message-ID"]).strip("<>").split("@")[0]
        target = self.folder / f"{name}.eml"
        part = target.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(letter.as_bytes())
        part.rename(target)


class Smtp:
    """A mail server, by STARTTLS, TLS or (inside a trusted network) plain."""

    def __init__(self, host: str, port: int, user: str, password: str, tls: str) -> None:
        self.host, self.port, self.user, self.password, self.tls = host, port, user, password, tls

    def _connect(self) -> smtplib.SMTP:
        if self.tls == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=20, context=ssl.create_default_context())
        server = smtplib.SMTP(self.host, self.port, timeout=20)
        if self.tls == "starttls":
            try:
                server.starttls(context=ssl.create_default_context())
            except Exception:
                server.close()
                raise
        return server

    def send(self, letter: EmailMessage) -> None:
        """Deliver it to the server; its refusal is an error."""
        with self._connect() as server:
            if self.user:
                server.login(self.user, self.password)
            server.send_message(letter)

    def probe(self) -> None:
        """Connect and sign in without sending: for checks."""
        with self._connect() as server:
            if self.user:
                server.login(self.user, self.password)
            server.noop()


class _Headers(EmailPolicy):
    """The default policy, but for two kinds of headers.

    Subjects: the standard library loses the space where it folds one that isn't ASCII. Addresses of lists: it encodes what is
    too long for a line, and mail programs read no encoded address.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        """A header as it travels; the older class folds words of other alphabets without loss."""
        if name.lower().startswith("list-"):
            return f"{name}: {value}{self.linesep}".encode("ascii")
        if name.lower() != "subject":
            return super().fold_binary(name, value)
        folded = Header(str(value), "utf-8" if not str(value).isascii() else None, header_name=name).encode()
        return f"{name}: {folded}\n".replace("\n", self.linesep).encode("ascii")


def compose(
    *, sender: str, to: str, subject: str, body: str, key: str, headers: Mapping[str, str] | None = None
) -> EmailMessage:
    """A plain-text letter. `key` makes its Message-ID the same at every try, so a mail server can drop the second.

    `headers`: more of them, such as RFC 8058's.
    """
    letter = EmailMessage(policy=_Headers())
    letter["From"] = sender
    letter["To"] = to
    letter["Subject"] = " ".join(subject.split())
    letter["Date"] = formatdate(localtime=False)
    domain = sender.rsplit("@", 1)[-1].strip("<> ") or "localhost"
    letter["Message-ID"] = f"<{key}@{domain}>" if key else make_msgid(domain=domain)
    letter["Auto-Submitted"] = "auto-generated"
    for name, value in (headers or {}).items():
        letter[name] = value
    letter.set_content(body)
    return letter
