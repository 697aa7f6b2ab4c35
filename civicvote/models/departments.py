"""The city's departments."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.models.base import Base, Keyed


class Department(Keyed, Base):
    """A department that reviews projects and carries them out."""

    __tablename__ = "department"

    name: Mapped[str] = mapped_column(String(60), unique=True)
    name_en: Mapped[str] = mapped_column(String(80), default="")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
