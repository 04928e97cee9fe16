"""What was said in calls that were listened to, and which calls those are."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("kind", sa.Text, nullable=False, server_default="conversation"))
    op.create_table(
        "utterances",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("utterance_index", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_seconds", sa.Float, nullable=False),
        sa.Column("ended_seconds", sa.Float, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("call_id", "utterance_index", name="pk_utterances"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_utterances_calls"),
    )
