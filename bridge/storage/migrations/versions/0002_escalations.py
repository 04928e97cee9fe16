"""Notifications to be acknowledged, questionnaires by version, sound, and one name for a refusal."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("answers", sa.Column("audio", sa.Boolean))
    op.create_table(
        "notifications",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("turn_index", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("escalation", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("item", sa.Text),
        sa.Column("recipients_json", sa.Text, nullable=False),
        sa.Column("acknowledge_by", MOMENT, nullable=False),
        sa.Column("acknowledged_at", MOMENT),
        sa.Column("acknowledged_by", sa.Text),
        sa.ForeignKeyConstraint(
            ["call_id", "turn_index"],
            ["turns.call_id", "turns.turn_index"],
            name="fk_notifications_turns",
        ),
        sa.PrimaryKeyConstraint("call_id", "turn_index", "number", name="pk_notifications"),
    )
    op.create_index("ix_notifications_acknowledged_at", "notifications", ["acknowledged_at"])
    op.create_table(
        "questionnaires",
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("questionnaire", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("common", sa.Text, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_questionnaires"),
    )
    op.execute("UPDATE calls SET disposition = 'refused' WHERE disposition = 'no_consent'")
