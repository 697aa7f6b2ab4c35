"""`civicvote user`: the first administrator, and roles from the shell."""

import click

from civicvote import db
from civicvote.domain.errors import DomainError
from civicvote.domain.permissions import ASSIGNABLE, SYSTEM, Role
from civicvote.services import admin
from civicvote.settings import Settings


@click.group()
def user() -> None:
    """계정과 역할."""


@user.command()
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in ASSIGNABLE]))
def grant(email: str, role: str) -> None:
    """EMAIL 계정에 ROLE 역할을 준다. 첫 관리자는 이렇게 만든다: 가입한 뒤 `civicvote user grant 주소 admin`."""
    settings = Settings()
    try:
        with db.opened(settings.url) as database, database.transaction() as session:
            admin.grant_by_email(session, SYSTEM, email, Role(role))
    except DomainError as error:
        click.echo(str(error.message), err=True)
        raise SystemExit(1) from error
    click.echo(f"{email}: {role}")
