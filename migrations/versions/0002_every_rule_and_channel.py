"""Every rule and ballot type, desks and paper, keys that end, turnout by the hour"""

import re

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection

import civicvote.models.base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: Tables of what happened: the database refuses to rewrite them.
APPEND_ONLY = (
    "key_ending",
    "tally_release",
    "withheld_file",
)

#: CHECKs of `cycle` that allow more than before.
WIDER = {
    "ck_cycle_ballot_type_known": "ballot_type IN ('approval', 'knapsack', 'points', 'score', 'ranking')",
    "ck_cycle_tally_rule_known": (
        "tally_rule IN ('equal-shares', 'greedy', 'greedy-no-skip', 'greedy-poznan', 'greedy-per-cost',"
        " 'phragmen', 'phragmen-skip', 'welfare')"
    ),
    "ck_cycle_completion_known": "completion IN ('none', 'add1', 'add1u', 'utilitarian')",
    "ck_cycle_tie_known": "tie IN ('id', 'votes', 'cost', 'cost-desc', 'votes,cost', 'votes,cost-desc')",
}
#: CHECKs on new columns.
NEW = {
    "cycle": {
        "ck_cycle_points_positive": "point_max >= 1 AND point_sum >= 1",
        "ck_cycle_points_have_sum": "ballot_type <> 'points' OR point_sum IS NOT NULL",
        "ck_cycle_score_has_max": "ballot_type <> 'score' OR point_max IS NOT NULL",
        "ck_cycle_share_plausible": "min_share BETWEEN 0 AND 1000",
        "ck_cycle_quorum_not_negative": "quorum >= 0",
        "ck_cycle_objection_days_plausible": "objection_days BETWEEN 0 AND 365",
    },
    "pool": {"ck_pool_leftover_to_another": "leftover_to <> id"},
}


def upgrade() -> None:
    _make_tables()
    _make_count_task()
    _make_channel_proofs()
    connection = op.get_bind()
    for name in APPEND_ONLY:
        civicvote.models.base.make_append_only(connection, name)
    _add_columns()
    if connection.dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE pool ADD COLUMN leftover_to CHAR(32) CONSTRAINT fk_pool_leftover_to_pool REFERENCES pool (id)"
        )
        _rewrite_checks(connection, "cycle", WIDER, NEW["cycle"])
        _rewrite_checks(connection, "pool", {}, NEW["pool"])
        return
    op.add_column("pool", sa.Column("leftover_to", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_pool_leftover_to_pool"), "pool", "pool", ["leftover_to"], ["id"])
    for name, condition in WIDER.items():
        op.drop_constraint(op.f(name), "cycle", type_="check")
        op.create_check_constraint(op.f(name), "cycle", condition)
    for table, checks in NEW.items():
        for name, condition in checks.items():
            op.create_check_constraint(op.f(name), table, condition)


def _add_columns() -> None:
    """Rows that are there get what the platform did so far."""
    for column in (
        sa.Column("point_max", sa.Integer(), nullable=True),
        sa.Column("point_sum", sa.Integer(), nullable=True),
        sa.Column("comparison", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("tie_lot", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("min_share", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quorum", sa.Integer(), server_default="0", nullable=False),
        sa.Column("objection_days", sa.Integer(), server_default="30", nullable=False),
    ):
        op.add_column("cycle", column)
    op.add_column("tally_decision", sa.Column("pooled", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("turnout_count", sa.Column("shown", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE turnout_count SET shown = people WHERE people >= 10")


def _rewrite_checks(connection: Connection, table: str, wider: dict[str, str], new: dict[str, str]) -> None:
    """SQLite cannot alter a CHECK, and a table others refer to can't be made anew in a transaction.

    Its manual has the schema's text edited for changes that leave what is stored as it is
    (sqlite.org/lang_altertable.html, section 7).
    """
    text: str = connection.exec_driver_sql("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).scalar_one()
    for name, condition in wider.items():
        text, found = re.subn(
            rf"CONSTRAINT {name} CHECK \(.*\)(?=,?\s*$)",
            f"CONSTRAINT {name} CHECK ({condition})",
            text,
            flags=re.MULTILINE,
        )
        assert found == 1, name
    first = text.index("CONSTRAINT ck_")
    added = "".join(f"CONSTRAINT {name} CHECK ({condition}), \n\t" for name, condition in new.items())
    text = text[:first] + added + text[first:]
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    connection.exec_driver_sql("UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?", (text, table))
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")


def _make_tables() -> None:
    op.create_table(
        "alternative_group",
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_alternative_group_cycle_id_cycle")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alternative_group")),
    )
    with op.batch_alter_table("alternative_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alternative_group_cycle_id"), ["cycle_id"], unique=False)

    op.create_table(
        "ballot_cap",
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column(
            "scope",
            sa.Enum("category", "district", name="scope_known", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("max_projects", sa.Integer(), nullable=True),
        sa.Column("max_won", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("max_projects >= 1 AND max_won >= 1", name=op.f("ck_ballot_cap_limits_positive")),
        sa.CheckConstraint("max_projects IS NOT NULL OR max_won IS NOT NULL", name=op.f("ck_ballot_cap_limit_given")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_ballot_cap_cycle_id_cycle")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_cap")),
        sa.UniqueConstraint("cycle_id", "scope", "value", name=op.f("uq_ballot_cap_cycle_id_scope_value")),
    )
    op.create_table(
        "ballot_news",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("about", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("project", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("told_to", sa.Uuid(), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("told_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('withdrawn', 'changed')", name=op.f("ck_ballot_news_kind_known")),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_ballot_news_vote_id_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot_news")),
        sa.UniqueConstraint("vote_id", "about", name=op.f("uq_ballot_news_vote_id_about")),
    )
    op.create_table(
        "check_in",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum("paper", "station", name="channel_known", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("checked_in_by", sa.Uuid(), nullable=False),
        sa.Column("checked_in_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=True),
        sa.Column("shown_district", sa.String(length=5), nullable=True),
        sa.Column("documents_by", sa.Uuid(), nullable=True),
        sa.Column("voted_online", sa.Boolean(), nullable=False),
        sa.Column("online_voided", sa.Boolean(), nullable=False),
        sa.Column("paper_given_by", sa.Uuid(), nullable=True),
        sa.Column("paper_district", sa.String(length=5), nullable=True),
        sa.Column("taken_back_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "paper_given_by IS NULL OR (channel = 'paper' AND taken_back_at IS NULL AND voted_online = online_voided)",
            name=op.f("ck_check_in_one_paper_one_ballot"),
        ),
        sa.CheckConstraint(
            "(paper_given_by IS NULL) = (paper_district IS NULL)", name=op.f("ck_check_in_paper_given_whole")
        ),
        sa.CheckConstraint("(basis IS NULL) = (shown_district IS NULL)", name=op.f("ck_check_in_documents_whole")),
        sa.CheckConstraint(
            "documents_by IS NULL OR (basis IS NOT NULL AND documents_by <> checked_in_by)",
            name=op.f("ck_check_in_documents_two_people"),
        ),
        sa.CheckConstraint(
            "paper_given_by IS NULL OR basis IS NULL OR documents_by IS NOT NULL",
            name=op.f("ck_check_in_documents_before_paper"),
        ),
        sa.CheckConstraint("level BETWEEN 0 AND 2", name=op.f("ck_check_in_level_known")),
        sa.CheckConstraint("taken_back_at IS NULL OR NOT online_voided", name=op.f("ck_check_in_void_stays")),
        sa.CheckConstraint("voted_online OR NOT online_voided", name=op.f("ck_check_in_void_what_was_cast")),
        sa.ForeignKeyConstraint(
            ["checked_in_by"], ["user_account.id"], name=op.f("fk_check_in_checked_in_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["documents_by"], ["user_account.id"], name=op.f("fk_check_in_documents_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["paper_given_by"], ["user_account.id"], name=op.f("fk_check_in_paper_given_by_user_account")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_check_in_person_id_person")),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_check_in_vote_id_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in")),
        sa.UniqueConstraint("vote_id", "number", name=op.f("uq_check_in_vote_id_number")),
    )
    with op.batch_alter_table("check_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_check_in_person_id"), ["person_id"], unique=False)
        batch_op.create_index(
            "uq_check_in_living",
            ["vote_id", "person_id"],
            unique=True,
            sqlite_where=sa.text("taken_back_at IS NULL"),
            postgresql_where=sa.text("taken_back_at IS NULL"),
        )

    op.create_table(
        "key_ending",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=8), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("stated_by", sa.Uuid(), nullable=False),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("key IN ('vote', 'roll')", name=op.f("ck_key_ending_key_known")),
        sa.CheckConstraint("place IN (1, 2)", name=op.f("ck_key_ending_two_people")),
        sa.ForeignKeyConstraint(["stated_by"], ["user_account.id"], name=op.f("fk_key_ending_stated_by_user_account")),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_key_ending_vote_id_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_ending")),
        sa.UniqueConstraint("vote_id", "key", "place", name=op.f("uq_key_ending_vote_id_key_place")),
        sa.UniqueConstraint("vote_id", "key", "stated_by", name=op.f("uq_key_ending_vote_id_key_stated_by")),
    )
    op.create_table(
        "paper_batch",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=60), nullable=False),
        sa.Column("district", sa.String(length=5), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("valid", sa.Integer(), nullable=True),
        sa.Column("blank", sa.Integer(), nullable=True),
        sa.Column("void", sa.Integer(), nullable=True),
        sa.Column("drop_requested_by", sa.Uuid(), nullable=True),
        sa.Column("drop_reason", sa.String(length=200), nullable=False),
        sa.Column("dropped_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR (valid IS NOT NULL AND blank IS NOT NULL AND void IS NOT NULL AND valid >= 0 AND blank >= 0 AND void >= 0 AND valid + blank + void = papers)",
            name=op.f("ck_paper_batch_balance"),
        ),
        sa.CheckConstraint(
            "dropped_by IS NULL OR (drop_requested_by IS NOT NULL AND dropped_by <> drop_requested_by)",
            name=op.f("ck_paper_batch_drop_two_people"),
        ),
        sa.CheckConstraint(
            "dropped_by IS NULL OR confirmed_by IS NULL", name=op.f("ck_paper_batch_dropped_or_confirmed")
        ),
        sa.CheckConstraint("papers BETWEEN 1 AND 2000", name=op.f("ck_paper_batch_papers_plausible")),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["user_account.id"], name=op.f("fk_paper_batch_confirmed_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["drop_requested_by"], ["user_account.id"], name=op.f("fk_paper_batch_drop_requested_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["dropped_by"], ["user_account.id"], name=op.f("fk_paper_batch_dropped_by_user_account")
        ),
        sa.ForeignKeyConstraint(["opened_by"], ["user_account.id"], name=op.f("fk_paper_batch_opened_by_user_account")),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_paper_batch_vote_id_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_batch")),
        sa.UniqueConstraint("vote_id", "number", name=op.f("uq_paper_batch_vote_id_number")),
    )
    op.create_table(
        "station",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("step_hash", sa.String(length=64), nullable=False),
        sa.Column("next_hash", sa.String(length=64), nullable=True),
        sa.Column("older_hash", sa.String(length=64), nullable=True),
        sa.Column("stepped_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("again_until", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("copied_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("copied_at IS NULL OR closed_at IS NOT NULL", name=op.f("ck_station_copied_is_closed")),
        sa.ForeignKeyConstraint(["opened_by"], ["user_account.id"], name=op.f("fk_station_opened_by_user_account")),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_station_vote_id_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_station_token_hash")),
    )
    with op.batch_alter_table("station", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_station_vote_id"), ["vote_id"], unique=False)

    op.create_table(
        "turnout_hour",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("hour", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ballots", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_turnout_hour_vote_id_vote")),
        sa.PrimaryKeyConstraint("vote_id", "hour", name=op.f("pk_turnout_hour")),
    )
    op.create_table(
        "unfinished_ballot",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_unfinished_ballot_person_id_person")),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_unfinished_ballot_vote_id_vote")),
        sa.PrimaryKeyConstraint("vote_id", "person_id", name=op.f("pk_unfinished_ballot")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "void_waiting",
        sa.Column("tracker", sa.String(length=24), nullable=False),
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_void_waiting_vote_id_vote")),
        sa.PrimaryKeyConstraint("tracker", name=op.f("pk_void_waiting")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("void_waiting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_void_waiting_vote_id"), ["vote_id"], unique=False)

    op.create_table(
        "withheld_file",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_withheld_file_vote_id_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withheld_file")),
        sa.UniqueConstraint("vote_id", name=op.f("uq_withheld_file_vote_id")),
    )
    op.create_table(
        "alternative",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["alternative_group.id"], name=op.f("fk_alternative_group_id_alternative_group")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_alternative_project_id_project")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_alternative")),
    )
    with op.batch_alter_table("alternative", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alternative_group_id"), ["group_id"], unique=False)

    op.create_table(
        "desk_request",
        sa.Column("check_in_id", sa.Uuid(), nullable=False),
        sa.Column(
            "ask",
            sa.Enum(
                "void", "take-back", "documents", name="ask_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(approved IS NULL) = (decided_by IS NULL)", name=op.f("ck_desk_request_decided_whole")),
        sa.CheckConstraint(
            "approved IS NULL OR NOT approved OR decided_by <> requested_by", name=op.f("ck_desk_request_two_people")
        ),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_in.id"], name=op.f("fk_desk_request_check_in_id_check_in")),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_desk_request_decided_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["user_account.id"], name=op.f("fk_desk_request_requested_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_request")),
    )
    with op.batch_alter_table("desk_request", schema=None) as batch_op:
        batch_op.create_index("ix_desk_request_check_in_id", ["check_in_id"], unique=False)
        batch_op.create_index(
            "uq_desk_request_open",
            ["check_in_id"],
            unique=True,
            sqlite_where=sa.text("decided_by IS NULL"),
            postgresql_where=sa.text("decided_by IS NULL"),
        )

    op.create_table(
        "locked_project",
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_locked_project_cycle_id_cycle")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_locked_project_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locked_project")),
        sa.UniqueConstraint("project_id", name=op.f("uq_locked_project_project_id")),
    )
    with op.batch_alter_table("locked_project", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_locked_project_cycle_id"), ["cycle_id"], unique=False)

    op.create_table(
        "paper_entry",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("paper", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "kind",
            sa.Enum("valid", "blank", "void", name="kind_known", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("mark", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("(kind = 'valid') = (sealed IS NOT NULL)", name=op.f("ck_paper_entry_valid_is_sealed")),
        sa.CheckConstraint("(kind = 'void') = (reason <> '')", name=op.f("ck_paper_entry_void_has_reason")),
        sa.CheckConstraint("paper >= 1", name=op.f("ck_paper_entry_paper_positive")),
        sa.CheckConstraint("turn IN (1, 2)", name=op.f("ck_paper_entry_two_turns")),
        sa.ForeignKeyConstraint(["batch_id"], ["paper_batch.id"], name=op.f("fk_paper_entry_batch_id_paper_batch")),
        sa.PrimaryKeyConstraint("batch_id", "turn", "paper", name=op.f("pk_paper_entry")),
    )
    op.create_table(
        "paper_keying",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("keyed_by", sa.Uuid(), nullable=False),
        sa.Column("finished_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("turn IN (1, 2)", name=op.f("ck_paper_keying_two_turns")),
        sa.ForeignKeyConstraint(["batch_id"], ["paper_batch.id"], name=op.f("fk_paper_keying_batch_id_paper_batch")),
        sa.ForeignKeyConstraint(["keyed_by"], ["user_account.id"], name=op.f("fk_paper_keying_keyed_by_user_account")),
        sa.PrimaryKeyConstraint("batch_id", "turn", name=op.f("pk_paper_keying")),
        sa.UniqueConstraint("batch_id", "keyed_by", name=op.f("uq_paper_keying_batch_id_keyed_by")),
    )
    op.create_table(
        "station_code",
        sa.Column("check_in_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_in.id"], name=op.f("fk_station_code_check_in_id_check_in")),
        sa.PrimaryKeyConstraint("check_in_id", name=op.f("pk_station_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_station_code_code_hash")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "station_seat",
        sa.Column("station_id", sa.Uuid(), nullable=False),
        sa.Column("check_in_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_in.id"], name=op.f("fk_station_seat_check_in_id_check_in")),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_station_seat_station_id_station")),
        sa.PrimaryKeyConstraint("station_id", name=op.f("pk_station_seat")),
        sa.UniqueConstraint("check_in_id", name=op.f("uq_station_seat_check_in_id")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tally_release",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("chosen_by", sa.Uuid(), nullable=True),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("pooled", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chosen_by"], ["user_account.id"], name=op.f("fk_tally_release_chosen_by_user_account")
        ),
        sa.ForeignKeyConstraint(["run_id"], ["tally_run.id"], name=op.f("fk_tally_release_run_id_tally_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally_release")),
    )
    with op.batch_alter_table("tally_release", schema=None) as batch_op:
        batch_op.create_index("ix_tally_release_run_id_id", ["run_id", "id"], unique=False)


def _make_count_task() -> None:
    op.create_table(
        "count_task",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "count", "receive", "publish", name="kind_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opened", sa.LargeBinary(), nullable=True),
        sa.Column("pooled", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("finished_at IS NULL OR opened IS NULL", name=op.f("ck_count_task_emptied_at_the_end")),
        sa.CheckConstraint("failure IS NULL OR finished_at IS NOT NULL", name=op.f("ck_count_task_failed_is_finished")),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["user_account.id"], name=op.f("fk_count_task_requested_by_user_account")
        ),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_count_task_vote_id_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_count_task")),
    )
    with op.batch_alter_table("count_task", schema=None) as batch_op:
        batch_op.create_index("ix_count_task_vote_id_id", ["vote_id", "id"], unique=False)
        batch_op.create_index(
            "uq_count_task_open",
            ["vote_id"],
            unique=True,
            sqlite_where=sa.text("finished_at IS NULL"),
            postgresql_where=sa.text("finished_at IS NULL"),
        )


def _make_channel_proofs() -> None:
    """What a second clerk compares and agrees to: documents seen at a desk, and sheets nobody handed out."""
    op.create_table(
        "shown_document",
        sa.Column("check_in_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=False),
        sa.Column("namesake", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_in.id"], name=op.f("fk_shown_document_check_in_id_check_in")),
        sa.PrimaryKeyConstraint("check_in_id", name=op.f("pk_shown_document")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "paper_difference",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("difference", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("stated_by", sa.Uuid(), nullable=False),
        sa.Column("stated_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("agreed_by", sa.Uuid(), nullable=True),
        sa.Column("agreed_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(agreed_by IS NULL) = (agreed_at IS NULL)", name=op.f("ck_paper_difference_agreed_whole")),
        sa.CheckConstraint("agreed_by IS NULL OR agreed_by <> stated_by", name=op.f("ck_paper_difference_two_people")),
        sa.CheckConstraint("difference >= 1", name=op.f("ck_paper_difference_difference_positive")),
        sa.ForeignKeyConstraint(
            ["agreed_by"], ["user_account.id"], name=op.f("fk_paper_difference_agreed_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["paper_batch.id"], name=op.f("fk_paper_difference_batch_id_paper_batch")
        ),
        sa.ForeignKeyConstraint(
            ["stated_by"], ["user_account.id"], name=op.f("fk_paper_difference_stated_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_difference")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_paper_difference_batch_id")),
    )


def downgrade() -> None:
    raise NotImplementedError("what was cast and keyed under the new rules has no place in the old tables")
