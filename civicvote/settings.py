"""Everything an operator may set, from the environment, typed and checked at start."""

from functools import cached_property
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from civicvote.keystore import KeyStore
from civicvote.uploads import Store

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Read from CIVICVOTE_… variables; `civicvote check` says what is wrong with a deployment."""

    model_config = SettingsConfigDict(env_prefix="CIVICVOTE_", extra="ignore", frozen=False)

    instance: Path = ROOT / "instance"
    #: Empty: SQLite in the instance folder. PostgreSQL: postgresql+psycopg://user:password@host/name
    database_url: SecretStr = SecretStr("")
    #: Connections kept open per process (PostgreSQL).
    database_pool: int = Field(default=8, ge=1, le=200)
    #: Signs cookies and forms. Empty: made once and kept in the instance folder with mode 0600.
    secret_key: SecretStr = SecretStr("")
    #: Folder of identity, roll and board keys; never in the database. Empty: instance/keys.
    keys: Path | None = None

    site_name: str = "시민투표 civicvote"
    #: The same for English readers; empty: site_name.
    site_name_en: str = "Citizens’ Vote civicvote"
    #: How people reach the site; links in mails begin with it.
    base_url: str = "http://127.0.0.1:8000"
    #: Host names answered to besides the one of base_url, comma-separated.
    trusted_hosts: str = ""
    #: Reverse proxies in front that set X-Forwarded-For and -Proto.
    proxies: int = Field(default=0, ge=0, le=5)
    #: Only a government operator may show the official masthead.
    government_site: bool = False

    #: Demo: example data, a labelled demo verifier, no second factor asked for.
    demo: bool = False

    mail: Literal["console", "file", "smtp"] = "file"
    mail_from: str = "no-reply@civicvote.invalid"
    smtp_host: str = "localhost"
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_tls: Literal["starttls", "tls", "none"] = "starttls"

    #: Folder of the files people attach, outside the web root. Empty: instance/uploads. Several machines share it.
    uploads: Path | None = None
    #: A virus scanner (clamd) that sees every file first: its socket's path or host:port. Empty: none.
    clamd: str = ""

    #: Seconds without a request after which a session ends; official roles sooner.
    session_idle: int = Field(default=14 * 24 * 3600, ge=300)
    session_idle_official: int = Field(default=3600, ge=300)
    session_absolute: int = Field(default=30 * 24 * 3600, ge=3600)

    #: Bearer token of /metrics; without it only the machine itself may ask.
    metrics_token: SecretStr = SecretStr("")
    #: Where flask-limiter counts; Redis when there are several machines.
    limits_storage: str = "memory://"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @model_validator(mode="after")
    def _check(self) -> Self:
        self.instance = self.instance.resolve()
        url = urlsplit(self.base_url)
        if url.scheme not in {"http", "https"} or not url.hostname:
            raise ValueError("CIVICVOTE_BASE_URL must be http(s)://host[:port]")
        if not self.url.startswith(("sqlite", "postgresql+psycopg")):
            raise ValueError("CIVICVOTE_DATABASE_URL must begin with sqlite or postgresql+psycopg")
        return self

    @property
    def url(self) -> str:
        """The database address; holds a password, so never log it."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.instance / 'civicvote.sqlite'}"

    def called(self, locale: str) -> str:
        """The site's name for readers of a language, ko or en."""
        return (self.site_name_en if locale == "en" else "") or self.site_name

    @property
    def secure(self) -> bool:
        """Whether people come over TLS."""
        return self.base_url.startswith("https://")

    @property
    def hosts(self) -> list[str]:
        """Host names answered to."""
        named = [host.strip() for host in self.trusted_hosts.split(",") if host.strip()]
        own = urlsplit(self.base_url).hostname or ""
        local = ["127.0.0.1", "localhost", "[::1]"] if own in {"127.0.0.1", "localhost"} else []
        return list(dict.fromkeys([own, *local, *named]))

    @property
    def require_second_factor(self) -> bool:
        """Whether official roles wait for a second factor."""
        return not self.demo

    @cached_property
    def store(self) -> Store:
        """Where attached files lie."""
        return Store(self.uploads or self.instance / "uploads")

    @cached_property
    def keystore(self) -> KeyStore:
        """The keys that stay out of the database."""
        return KeyStore(self.keys or self.instance / "keys", self.secret_key.get_secret_value())
