"""Settings with an effective date: thresholds and windows, each change a new line."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import JSON

from civicvote.models.base import AppendOnly, Base, Keyed


class DatedSetting(Keyed, AppendOnly, Base):
    """From when a setting has which value; the latest line whose moment has come holds."""

    __tablename__ = "dated_setting"

    name: Mapped[str] = mapped_column(String(60))
    value: Mapped[Any] = mapped_column(JSON)
    effective_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(300), default="")
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]

    __table_args__ = (Index("ix_dated_setting_name_effective_at", "name", "effective_at", "id"),)
