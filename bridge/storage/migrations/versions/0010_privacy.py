"""With which keys values are sealed, and that somebody was forgotten. What there is so far is plain."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sealing_keys",
        sa.Column("key_name", sa.Text, nullable=False),
        sa.Column("proof", sa.Text),
        sa.PrimaryKeyConstraint("key_name", name="pk_sealing_keys"),
    )
    op.create_table(
        "erasures",
        sa.Column("erasure_id", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("subject_hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("erasure_id", name="pk_erasures"),
    )
    op.execute(
        "INSERT INTO sealing_keys (key_name) SELECT 'plain' "
        "WHERE EXISTS (SELECT 1 FROM calls) OR EXISTS (SELECT 1 FROM phone_calls)"
    )
