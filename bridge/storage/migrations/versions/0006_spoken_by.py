"""Who spoke a turn's prompt: rendered ahead, or which voice live."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("turns", sa.Column("spoken_by", sa.Text, nullable=False, server_default=sa.text("''")))
