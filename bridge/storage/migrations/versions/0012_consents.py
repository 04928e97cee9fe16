"""What callers agreed to, refused or took back, with what proves it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("turn_index", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("item", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("questionnaire_version", sa.Text, nullable=False),
        sa.Column("questionnaire_hash", sa.Text, nullable=False),
        sa.Column("prompt_hash", sa.Text, nullable=False),
        sa.Column("audio_hash", sa.Text, nullable=False),
        sa.Column("prompt_seconds", sa.Float, nullable=False),
        sa.Column("heard_seconds", sa.Float, nullable=False),
        sa.Column("acknowledged", sa.Boolean, nullable=False),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float),
        sa.Column("read_back", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "turn_index", "number", name="pk_consents"),
        sa.ForeignKeyConstraint(
            ["call_id", "turn_index"], ["turns.call_id", "turns.turn_index"], name="fk_consents_turns"
        ),
    )
