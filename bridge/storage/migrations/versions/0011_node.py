"""Which daemon holds a call, where several share a database."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("node", sa.Text, nullable=False, server_default=sa.text("''")))
