"""Alembic's entry: runs the migrations on the connection that `bridge.storage.schema` hands over."""

from alembic import context
from sqlalchemy import Connection

from bridge.storage.tables import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by making a new one
    transactional_ddl=True,  # SQLite can, and our transaction is already open
)
with context.begin_transaction():
    context.run_migrations()
