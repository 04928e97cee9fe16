"""Answers that are kept as sound, and when notifications reached the site."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notifications", sa.Column("delivered_at", sa.DateTime(timezone=True)))
    op.create_table(
        "sounds",
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("turn_index", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("ulaw", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id", "turn_index"],
            ["turns.call_id", "turns.turn_index"],
            name="fk_sounds_turns",
        ),
        sa.PrimaryKeyConstraint("call_id", "turn_index", name="pk_sounds"),
    )
