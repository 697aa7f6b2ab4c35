"""The first tables"""

import sqlalchemy as sa
from alembic import op

import civicvote.models.base
import civicvote.models.search

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: Tables of what happened: the database refuses to rewrite them.
APPEND_ONLY = (
    "audit_event",
    "audit_head",
    "audit_link",
    "ballot",
    "board_entry",
    "board_head",
    "cast_key",
    "participation",
    "personal_data_access",
    "project_move",
    "published_file",
    "status_update",
    "tally_decision",
    "tally_run",
    "verification",
)


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("ix_attempt_kind_key_hash_at", ["kind", "key_hash", "at"], unique=False)

    op.create_table(
        "audit_event",
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject_kind", sa.String(length=30), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index("ix_audit_event_action_id", ["action", "id"], unique=False)
        batch_op.create_index("ix_audit_event_actor_id_id", ["actor_id", "id"], unique=False)
        batch_op.create_index("ix_audit_event_at_id", ["at", "id"], unique=False)
        batch_op.create_index("ix_audit_event_subject_id_id", ["subject_id", "id"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
        sa.UniqueConstraint("seq", name=op.f("uq_audit_head_seq")),
    )
    op.create_table(
        "cast_key",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("receipt", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_cast_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "department",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department")),
        sa.UniqueConstraint("name", name=op.f("uq_department_name")),
    )
    op.create_table(
        "person",
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("namesake_key", sa.String(length=64), nullable=True),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("sex", sa.String(length=1), nullable=True),
        sa.Column("district", sa.String(length=5), nullable=True),
        sa.Column("created_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("sex IN ('f', 'm')", name=op.f("ck_person_sex_known")),
        sa.CheckConstraint("birth_year BETWEEN 1880 AND 2200", name=op.f("ck_person_birth_year_plausible")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("person_key", name=op.f("uq_person_person_key")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_namesake_key"), ["namesake_key"], unique=False)

    op.create_table(
        "register_entry",
        sa.Column("match_key", sa.String(length=64), nullable=False),
        sa.Column("person_key", sa.String(length=64), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=False),
        sa.Column("sex", sa.String(length=1), nullable=True),
        sa.Column("district", sa.String(length=5), nullable=False),
        sa.Column("imported_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entry")),
        sa.UniqueConstraint("match_key", name=op.f("uq_register_entry_match_key")),
    )
    with op.batch_alter_table("register_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_register_entry_person_key"), ["person_key"], unique=False)

    op.create_table(
        "worker_beat",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_worker_beat")),
    )
    op.create_table(
        "audit_link",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["audit_event.id"], name=op.f("fk_audit_link_event_id_audit_event")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("event_id", name=op.f("uq_audit_link_event_id")),
    )
    op.create_table(
        "user_account",
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("email_confirmed_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("district", sa.String(length=5), nullable=True),
        sa.Column("locale", sa.String(length=2), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("level_expires_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("erased_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "email IS NOT NULL OR erased_at IS NOT NULL", name=op.f("ck_user_account_address_or_erased")
        ),
        sa.CheckConstraint("level BETWEEN 0 AND 2", name=op.f("ck_user_account_level_known")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["department.id"], name=op.f("fk_user_account_department_id_department")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_user_account_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
        sa.UniqueConstraint("person_id", name=op.f("uq_user_account_person_id")),
    )
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_account_department_id"), ["department_id"], unique=False)

    op.create_table(
        "cycle",
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "announced",
                "list_requested",
                "listed",
                "sealed",
                "counted",
                "published",
                name="state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("proposals_open_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("proposals_close_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("review_until", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("voting_open_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("voting_close_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "ballot_type",
            sa.Enum(
                "approval", "knapsack", name="ballot_type_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("min_picks", sa.Integer(), nullable=False),
        sa.Column("max_picks", sa.Integer(), nullable=False),
        sa.Column("min_level", sa.Integer(), nullable=False),
        sa.Column("min_age", sa.Integer(), nullable=False),
        sa.Column("district", sa.String(length=5), nullable=True),
        sa.Column(
            "tally_rule",
            sa.Enum(
                "equal-shares", "greedy", name="tally_rule_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("utility", sa.String(length=16), nullable=False),
        sa.Column("completion", sa.String(length=16), nullable=False),
        sa.Column("step_won", sa.Integer(), nullable=False),
        sa.Column("exhaustive_stop", sa.Boolean(), nullable=False),
        sa.Column("tie", sa.String(length=16), nullable=False),
        sa.Column("min_support", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("list_requested_by", sa.Uuid(), nullable=True),
        sa.Column("list_approved_by", sa.Uuid(), nullable=True),
        sa.Column("list_requested", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("completion IN ('none', 'add1')", name=op.f("ck_cycle_completion_known")),
        sa.CheckConstraint("origin IN ('platform', 'import')", name=op.f("ck_cycle_origin_known")),
        sa.CheckConstraint("tie IN ('id', 'votes', 'cost')", name=op.f("ck_cycle_tie_known")),
        sa.CheckConstraint("utility IN ('cost', 'cardinality')", name=op.f("ck_cycle_utility_known")),
        sa.CheckConstraint(
            "list_approved_by IS NULL OR list_approved_by <> list_requested_by", name=op.f("ck_cycle_list_two_people")
        ),
        sa.CheckConstraint("min_age BETWEEN 0 AND 120", name=op.f("ck_cycle_age_plausible")),
        sa.CheckConstraint("district IS NULL OR min_level = 2", name=op.f("ck_cycle_district_needs_level")),
        sa.CheckConstraint("min_level BETWEEN 0 AND 2", name=op.f("ck_cycle_level_known")),
        sa.CheckConstraint("min_picks >= 0 AND max_picks >= 1 AND min_picks <= max_picks", name=op.f("ck_cycle_picks")),
        sa.CheckConstraint("proposals_close_at <= voting_open_at", name=op.f("ck_cycle_proposals_before_voting")),
        sa.CheckConstraint("proposals_open_at < proposals_close_at", name=op.f("ck_cycle_proposals_window")),
        sa.CheckConstraint("step_won >= 1", name=op.f("ck_cycle_step_positive")),
        sa.CheckConstraint("voting_open_at < voting_close_at", name=op.f("ck_cycle_voting_window")),
        sa.ForeignKeyConstraint(["created_by"], ["user_account.id"], name=op.f("fk_cycle_created_by_user_account")),
        sa.ForeignKeyConstraint(
            ["list_approved_by"], ["user_account.id"], name=op.f("fk_cycle_list_approved_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["list_requested_by"], ["user_account.id"], name=op.f("fk_cycle_list_requested_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycle")),
        sa.UniqueConstraint("slug", name=op.f("uq_cycle_slug")),
    )
    with op.batch_alter_table("cycle", schema=None) as batch_op:
        batch_op.create_index("ix_cycle_state_voting_close_at", ["state", "voting_close_at"], unique=False)
        batch_op.create_index("ix_cycle_year_id", ["year", "id"], unique=False)

    op.create_table(
        "email_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("created_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("purpose IN ('confirm', 'reset', 'change')", name=op.f("ck_email_token_purpose_known")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_email_token_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_email_token_token_hash")),
    )
    with op.batch_alter_table("email_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_email_token_user_id"), ["user_id"], unique=False)

    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("second_factor_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_login_session_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_session_token_hash")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index("ix_login_session_user_id_created_at", ["user_id", "created_at"], unique=False)

    op.create_table(
        "outbox_message",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("dedupe_key", sa.String(length=160), nullable=False),
        sa.Column("recipient_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(length=254), nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("available_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("leased_until", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("failed_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=80), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["user_account.id"], name=op.f("fk_outbox_message_recipient_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_message_dedupe_key")),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_message_done_at_failed_at_available_at", ["done_at", "failed_at", "available_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_outbox_message_recipient_id"), ["recipient_id"], unique=False)

    op.create_table(
        "passkey",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("transports", sa.Text(), nullable=False),
        sa.Column("created_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_passkey_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_user_id"), ["user_id"], unique=False)

    op.create_table(
        "passkey_challenge",
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('register', 'second', 'sign-in')", name=op.f("ck_passkey_challenge_purpose_known")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_passkey_challenge_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey_challenge")),
    )
    with op.batch_alter_table("passkey_challenge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_challenge_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_passkey_challenge_user_id"), ["user_id"], unique=False)

    op.create_table(
        "personal_data_access",
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["user_account.id"], name=op.f("fk_personal_data_access_actor_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_personal_data_access_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_data_access")),
    )
    with op.batch_alter_table("personal_data_access", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_personal_data_access_actor_id"), ["actor_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_personal_data_access_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_personal_data_access_user_id"), ["user_id"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_recovery_code_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("user_id", "code_hash", name=op.f("uq_recovery_code_user_id_code_hash")),
    )
    op.create_table(
        "totp",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_totp_user_id_user_account")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_totp")),
    )
    op.create_table(
        "user_role",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "citizen",
                "verified",
                "moderator",
                "department",
                "expert",
                "staff",
                "auditor",
                "admin",
                "system",
                "author",
                "reviewer",
                "owner",
                name="role_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_role_user_id_user_account")),
        sa.PrimaryKeyConstraint("user_id", "role", name=op.f("pk_user_role")),
    )
    op.create_table(
        "verification",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=True),
        sa.Column("granted_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "basis IN ('residence', 'work', 'school', 'business')", name=op.f("ck_verification_basis_known")
        ),
        sa.CheckConstraint("method IN ('register', 'desk', 'demo')", name=op.f("ck_verification_method_known")),
        sa.CheckConstraint("level BETWEEN 1 AND 2", name=op.f("ck_verification_level_known")),
        sa.ForeignKeyConstraint(
            ["granted_by"], ["user_account.id"], name=op.f("fk_verification_granted_by_user_account")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_verification_person_id_person")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_verification_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification")),
    )
    with op.batch_alter_table("verification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verification_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_verification_user_id_granted_at", ["user_id", "granted_at"], unique=False)

    op.create_table(
        "cycle_hold",
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=True),
        sa.Column("placed_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_cycle_hold_cycle_id_cycle")),
        sa.ForeignKeyConstraint(["lifted_by"], ["user_account.id"], name=op.f("fk_cycle_hold_lifted_by_user_account")),
        sa.ForeignKeyConstraint(["placed_by"], ["user_account.id"], name=op.f("fk_cycle_hold_placed_by_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycle_hold")),
    )
    with op.batch_alter_table("cycle_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cycle_hold_cycle_id"), ["cycle_id"], unique=False)
        batch_op.create_index(
            "uq_cycle_hold_open",
            ["cycle_id"],
            unique=True,
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )

    op.create_table(
        "pool",
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("theme", sa.String(length=40), nullable=False),
        sa.Column("district", sa.String(length=5), nullable=True),
        sa.Column("amount_won", sa.BigInteger(), nullable=False),
        sa.Column("max_picks", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("amount_won > 0", name=op.f("ck_pool_amount_positive")),
        sa.CheckConstraint("max_picks >= 1", name=op.f("ck_pool_picks_positive")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_pool_cycle_id_cycle")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pool")),
        sa.UniqueConstraint("cycle_id", "name", name=op.f("uq_pool_cycle_id_name")),
    )
    with op.batch_alter_table("pool", schema=None) as batch_op:
        batch_op.create_index("ix_pool_cycle_id_position", ["cycle_id", "position"], unique=False)

    op.create_table(
        "vote",
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("opens_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closes_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("notice", sa.JSON(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("key_mode", sa.String(length=8), nullable=False),
        sa.Column("board_key", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("key_mode IN ('file', 'shares')", name=op.f("ck_vote_key_mode_known")),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_vote_window")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_vote_cycle_id_cycle")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vote")),
        sa.UniqueConstraint("cycle_id", name=op.f("uq_vote_cycle_id")),
    )
    op.create_table(
        "ballot",
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.LargeBinary(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("tracker", sa.String(length=24), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_ballot_version_positive")),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_ballot_vote_id_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballot")),
        sa.UniqueConstraint("tracker", name=op.f("uq_ballot_tracker")),
        sa.UniqueConstraint("vote_id", "slot", "version", name=op.f("uq_ballot_vote_id_slot_version")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ballot_waiting",
        sa.Column("tracker", sa.String(length=24), nullable=False),
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_ballot_waiting_vote_id_vote")),
        sa.PrimaryKeyConstraint("tracker", name=op.f("pk_ballot_waiting")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("ballot_waiting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ballot_waiting_vote_id"), ["vote_id"], unique=False)
    op.create_table(
        "board_entry",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_board_entry_vote_id_vote")),
        sa.PrimaryKeyConstraint("vote_id", "seq", name=op.f("pk_board_entry")),
        sa.UniqueConstraint("vote_id", "kind", "item", name=op.f("uq_board_entry_vote_id_kind_item")),
    )
    with op.batch_alter_table("board_entry", schema=None) as batch_op:
        batch_op.create_index("ix_board_entry_item", ["item"], unique=False)

    op.create_table(
        "board_head",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_board_head_vote_id_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_head")),
        sa.UniqueConstraint("vote_id", "seq", name=op.f("uq_board_head_vote_id_seq")),
    )
    op.create_table(
        "participation",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_participation_person_id_person")),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_participation_vote_id_vote")),
        sa.PrimaryKeyConstraint("vote_id", "person_id", name=op.f("pk_participation")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "project",
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.String(length=40), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "assigned",
                "in_review",
                "supplement",
                "eligible",
                "ineligible",
                "on_ballot",
                "selected",
                "not_selected",
                "executing",
                "completed",
                "withdrawn",
                name="state_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("idea", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("district", sa.String(length=5), nullable=True),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("requested_won", sa.BigInteger(), nullable=True),
        sa.Column("cost_won", sa.BigInteger(), nullable=True),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("state_reason", sa.Text(), nullable=False),
        sa.Column("endorsement_count", sa.Integer(), nullable=False),
        sa.Column("comment_count", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state = 'draft' OR number IS NOT NULL", name=op.f("ck_project_numbered_once_submitted")),
        sa.CheckConstraint(
            "state NOT IN ('eligible', 'on_ballot', 'selected', 'not_selected', 'executing', 'completed') OR cost_won IS NOT NULL",
            name=op.f("ck_project_cost_once_eligible"),
        ),
        sa.CheckConstraint("cost_won > 0", name=op.f("ck_project_cost_positive")),
        sa.CheckConstraint("requested_won > 0", name=op.f("ck_project_requested_positive")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_project_author_id_user_account")),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_project_cycle_id_cycle")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_project_department_id_department")),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("fk_project_pool_id_pool")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("cycle_id", "number", name=op.f("uq_project_cycle_id_number")),
    )
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.create_index("ix_project_author_id_id", ["author_id", "id"], unique=False)
        batch_op.create_index("ix_project_comment_count_id", ["comment_count", "id"], unique=False)
        batch_op.create_index("ix_project_cost_won_id", ["cost_won", "id"], unique=False)
        batch_op.create_index("ix_project_cycle_id_state_id", ["cycle_id", "state", "id"], unique=False)
        batch_op.create_index("ix_project_department_id_state_id", ["department_id", "state", "id"], unique=False)
        batch_op.create_index("ix_project_district_id", ["district", "id"], unique=False)
        batch_op.create_index("ix_project_endorsement_count_id", ["endorsement_count", "id"], unique=False)
        batch_op.create_index("ix_project_pool_id_state_id", ["pool_id", "state", "id"], unique=False)
        batch_op.create_index("ix_project_state_id", ["state", "id"], unique=False)
        batch_op.create_index("ix_project_submitted_at_id", ["submitted_at", "id"], unique=False)

    op.create_table(
        "published_file",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_published_file_vote_id_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_file")),
        sa.UniqueConstraint("vote_id", "name", name=op.f("uq_published_file_vote_id_name")),
    )
    op.create_table(
        "tally_run",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("input_hash", sa.String(length=64), nullable=False),
        sa.Column("code_version", sa.String(length=40), nullable=False),
        sa.Column("plaintexts", sa.LargeBinary(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("result_hash", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["user_account.id"], name=op.f("fk_tally_run_requested_by_user_account")
        ),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_tally_run_vote_id_vote")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally_run")),
    )
    with op.batch_alter_table("tally_run", schema=None) as batch_op:
        batch_op.create_index("ix_tally_run_vote_id_id", ["vote_id", "id"], unique=False)

    op.create_table(
        "turnout_count",
        sa.Column("vote_id", sa.Uuid(), nullable=False),
        sa.Column("district", sa.String(length=5), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["vote_id"], ["vote.id"], name=op.f("fk_turnout_count_vote_id_vote")),
        sa.PrimaryKeyConstraint("vote_id", "district", name=op.f("pk_turnout_count")),
    )
    op.create_table(
        "comment",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("hidden_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("hidden_by", sa.Uuid(), nullable=True),
        sa.Column("hidden_reason", sa.Text(), nullable=False),
        sa.Column("form_key", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("hidden_at IS NULL OR hidden_reason <> ''", name=op.f("ck_comment_hidden_with_reason")),
        sa.ForeignKeyConstraint(["author_id"], ["user_account.id"], name=op.f("fk_comment_author_id_user_account")),
        sa.ForeignKeyConstraint(["hidden_by"], ["user_account.id"], name=op.f("fk_comment_hidden_by_user_account")),
        sa.ForeignKeyConstraint(["parent_id"], ["comment.id"], name=op.f("fk_comment_parent_id_comment")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_comment_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
        sa.UniqueConstraint("form_key", name=op.f("uq_comment_form_key")),
    )
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_comment_author_id"), ["author_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_comment_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index("ix_comment_project_id_parent_id_id", ["project_id", "parent_id", "id"], unique=False)

    op.create_table(
        "endorsement",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_endorsement_project_id_project")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_endorsement_user_id_user_account")),
        sa.PrimaryKeyConstraint("project_id", "user_id", name=op.f("pk_endorsement")),
    )
    with op.batch_alter_table("endorsement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_endorsement_user_id"), ["user_id"], unique=False)

    op.create_table(
        "follow",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_follow_project_id_project")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_follow_user_id_user_account")),
        sa.PrimaryKeyConstraint("project_id", "user_id", name=op.f("pk_follow")),
    )
    with op.batch_alter_table("follow", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follow_user_id"), ["user_id"], unique=False)

    op.create_table(
        "project_cost_line",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("amount_won", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('programme', 'staff', 'operation')", name=op.f("ck_project_cost_line_kind_known")),
        sa.CheckConstraint("amount_won > 0", name=op.f("ck_project_cost_line_amount_positive")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_cost_line_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_cost_line")),
    )
    with op.batch_alter_table("project_cost_line", schema=None) as batch_op:
        batch_op.create_index("ix_project_cost_line_project_id_position", ["project_id", "position"], unique=False)

    op.create_table(
        "project_move",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_move_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_move")),
    )
    with op.batch_alter_table("project_move", schema=None) as batch_op:
        batch_op.create_index("ix_project_move_project_id_id", ["project_id", "id"], unique=False)

    op.create_table(
        "review",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("department_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("assigned_by", sa.Uuid(), nullable=True),
        sa.Column("assigned_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("cost_won", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("verdict IN ('accept', 'refuse')", name=op.f("ck_review_verdict_known")),
        sa.CheckConstraint(
            "verdict IS NULL OR (reason <> '' AND decided_at IS NOT NULL)", name=op.f("ck_review_verdict_with_reason")
        ),
        sa.ForeignKeyConstraint(["assigned_by"], ["user_account.id"], name=op.f("fk_review_assigned_by_user_account")),
        sa.ForeignKeyConstraint(["decided_by"], ["user_account.id"], name=op.f("fk_review_decided_by_user_account")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_review_department_id_department")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_review_project_id_project")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["user_account.id"], name=op.f("fk_review_reviewer_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.create_index("ix_review_decided_at_id", ["decided_at", "id"], unique=False)
        batch_op.create_index("ix_review_department_id_due_at_id", ["department_id", "due_at", "id"], unique=False)
        batch_op.create_index("ix_review_due_at_id", ["due_at", "id"], unique=False)
        batch_op.create_index("ix_review_project_id_id", ["project_id", "id"], unique=False)
        batch_op.create_index("ix_review_reviewer_id_due_at_id", ["reviewer_id", "due_at", "id"], unique=False)
        batch_op.create_index(
            "uq_review_open",
            ["project_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL AND decided_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL AND decided_at IS NULL"),
        )

    op.create_table(
        "search_document",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("title", civicvote.models.search.Terms(), nullable=False),
        sa.Column("body", civicvote.models.search.Terms(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_search_document_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_document")),
        sa.UniqueConstraint("project_id", name=op.f("uq_search_document_project_id")),
    )

    op.create_table(
        "status_update",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("spent_won", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("form_key", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_status_update_progress_share")),
        sa.CheckConstraint("spent_won >= 0", name=op.f("ck_status_update_spent_not_negative")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_status_update_author_id_user_account")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_status_update_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_update")),
        sa.UniqueConstraint("form_key", name=op.f("uq_status_update_form_key")),
    )
    with op.batch_alter_table("status_update", schema=None) as batch_op:
        batch_op.create_index("ix_status_update_project_id_id", ["project_id", "id"], unique=False)

    op.create_table(
        "tally_decision",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("result_hash", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("requested_by <> decided_by", name=op.f("ck_tally_decision_two_people")),
        sa.ForeignKeyConstraint(["run_id"], ["tally_run.id"], name=op.f("fk_tally_decision_run_id_tally_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally_decision")),
        sa.UniqueConstraint("run_id", name=op.f("uq_tally_decision_run_id")),
    )
    op.create_table(
        "supplement",
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lapsed_at", civicvote.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["user_account.id"], name=op.f("fk_supplement_asked_by_user_account")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_supplement_project_id_project")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_supplement_review_id_review")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplement")),
    )
    with op.batch_alter_table("supplement", schema=None) as batch_op:
        batch_op.create_index("ix_supplement_due_at", ["due_at"], unique=False)
        batch_op.create_index("ix_supplement_project_id_id", ["project_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_supplement_review_id"), ["review_id"], unique=False)
        batch_op.create_index(
            "uq_supplement_open",
            ["project_id"],
            unique=True,
            sqlite_where=sa.text("answered_at IS NULL AND lapsed_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL AND lapsed_at IS NULL"),
        )

    connection = op.get_bind()
    for name in APPEND_ONLY:
        civicvote.models.base.make_append_only(connection, name)
    for statement in civicvote.models.search.search_ddl(connection.dialect.name):
        connection.exec_driver_sql(statement)


def downgrade() -> None:
    connection = op.get_bind()
    for statement in civicvote.models.search.search_drop_ddl(connection.dialect.name):
        connection.exec_driver_sql(statement)
    with op.batch_alter_table("supplement", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_supplement_open",
            sqlite_where=sa.text("answered_at IS NULL AND lapsed_at IS NULL"),
            postgresql_where=sa.text("answered_at IS NULL AND lapsed_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_supplement_review_id"))
        batch_op.drop_index("ix_supplement_project_id_id")
        batch_op.drop_index("ix_supplement_due_at")

    op.drop_table("supplement")
    op.drop_table("tally_decision")
    with op.batch_alter_table("status_update", schema=None) as batch_op:
        batch_op.drop_index("ix_status_update_project_id_id")

    op.drop_table("status_update")
    op.drop_table("search_document")
    with op.batch_alter_table("review", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_review_open",
            sqlite_where=sa.text("closed_at IS NULL AND decided_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL AND decided_at IS NULL"),
        )
        batch_op.drop_index("ix_review_reviewer_id_due_at_id")
        batch_op.drop_index("ix_review_project_id_id")
        batch_op.drop_index("ix_review_due_at_id")
        batch_op.drop_index("ix_review_department_id_due_at_id")
        batch_op.drop_index("ix_review_decided_at_id")

    op.drop_table("review")
    with op.batch_alter_table("project_move", schema=None) as batch_op:
        batch_op.drop_index("ix_project_move_project_id_id")

    op.drop_table("project_move")
    with op.batch_alter_table("project_cost_line", schema=None) as batch_op:
        batch_op.drop_index("ix_project_cost_line_project_id_position")

    op.drop_table("project_cost_line")
    with op.batch_alter_table("follow", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_follow_user_id"))

    op.drop_table("follow")
    with op.batch_alter_table("endorsement", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_endorsement_user_id"))

    op.drop_table("endorsement")
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.drop_index("ix_comment_project_id_parent_id_id")
        batch_op.drop_index(batch_op.f("ix_comment_parent_id"))
        batch_op.drop_index(batch_op.f("ix_comment_author_id"))

    op.drop_table("comment")
    op.drop_table("turnout_count")
    with op.batch_alter_table("tally_run", schema=None) as batch_op:
        batch_op.drop_index("ix_tally_run_vote_id_id")

    op.drop_table("tally_run")
    op.drop_table("published_file")
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.drop_index("ix_project_submitted_at_id")
        batch_op.drop_index("ix_project_state_id")
        batch_op.drop_index("ix_project_pool_id_state_id")
        batch_op.drop_index("ix_project_endorsement_count_id")
        batch_op.drop_index("ix_project_district_id")
        batch_op.drop_index("ix_project_department_id_state_id")
        batch_op.drop_index("ix_project_cycle_id_state_id")
        batch_op.drop_index("ix_project_cost_won_id")
        batch_op.drop_index("ix_project_comment_count_id")
        batch_op.drop_index("ix_project_author_id_id")

    op.drop_table("project")
    op.drop_table("participation")
    op.drop_table("board_head")
    with op.batch_alter_table("board_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_board_entry_item")

    op.drop_table("board_entry")
    op.drop_table("ballot_waiting")
    op.drop_table("ballot")
    op.drop_table("vote")
    with op.batch_alter_table("pool", schema=None) as batch_op:
        batch_op.drop_index("ix_pool_cycle_id_position")

    op.drop_table("pool")
    with op.batch_alter_table("cycle_hold", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_cycle_hold_open",
            sqlite_where=sa.text("lifted_at IS NULL"),
            postgresql_where=sa.text("lifted_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_cycle_hold_cycle_id"))

    op.drop_table("cycle_hold")
    with op.batch_alter_table("verification", schema=None) as batch_op:
        batch_op.drop_index("ix_verification_user_id_granted_at")
        batch_op.drop_index(batch_op.f("ix_verification_person_id"))

    op.drop_table("verification")
    op.drop_table("user_role")
    op.drop_table("totp")
    op.drop_table("recovery_code")
    with op.batch_alter_table("personal_data_access", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_personal_data_access_user_id"))
        batch_op.drop_index(batch_op.f("ix_personal_data_access_at"))
        batch_op.drop_index(batch_op.f("ix_personal_data_access_actor_id"))

    op.drop_table("personal_data_access")
    with op.batch_alter_table("passkey_challenge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_challenge_user_id"))
        batch_op.drop_index(batch_op.f("ix_passkey_challenge_expires_at"))

    op.drop_table("passkey_challenge")
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_user_id"))

    op.drop_table("passkey")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_message_recipient_id"))
        batch_op.drop_index("ix_outbox_message_done_at_failed_at_available_at")

    op.drop_table("outbox_message")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index("ix_login_session_user_id_created_at")

    op.drop_table("login_session")
    with op.batch_alter_table("email_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_email_token_user_id"))

    op.drop_table("email_token")
    with op.batch_alter_table("cycle", schema=None) as batch_op:
        batch_op.drop_index("ix_cycle_year_id")
        batch_op.drop_index("ix_cycle_state_voting_close_at")

    op.drop_table("cycle")
    with op.batch_alter_table("user_account", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_account_department_id"))

    op.drop_table("user_account")
    op.drop_table("audit_link")
    op.drop_table("worker_beat")
    with op.batch_alter_table("register_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_register_entry_person_key"))

    op.drop_table("register_entry")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_namesake_key"))

    op.drop_table("person")
    op.drop_table("department")
    op.drop_table("cast_key")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_event_subject_id_id")
        batch_op.drop_index("ix_audit_event_at_id")
        batch_op.drop_index("ix_audit_event_actor_id_id")
        batch_op.drop_index("ix_audit_event_action_id")

    op.drop_table("audit_event")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_attempt_kind_key_hash_at")

    op.drop_table("attempt")
