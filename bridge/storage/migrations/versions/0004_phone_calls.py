"""What providers' status callbacks say of phone calls."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "phone_calls",
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("provider_call_id", sa.Text, nullable=False),
        sa.Column("reference", sa.Text),
        sa.Column("caller_number", sa.Text),
        sa.Column("callee_number", sa.Text),
        sa.Column("direction", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("answered_by", sa.Text),
        sa.Column("seconds", sa.Float),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "provider_call_id", name="pk_phone_calls"),
    )
    op.create_index("ix_phone_calls_reference", "phone_calls", ["reference"])
