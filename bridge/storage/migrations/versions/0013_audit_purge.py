"""Rows of the audit log may go, from the oldest on, once its last row says up to which."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# "12:5be1…" is the object of the row that says it: the number of the last row that goes, and its hash.
COVERED = """
    EXISTS (
        SELECT 1 FROM audit_log AS newest
        WHERE newest.number = (SELECT max(number) FROM audit_log)
        AND newest.action = 'audit.purge' AND newest.number > OLD.number
        AND {number} >= OLD.number
    )
"""
NUMBER = "CAST(substr(newest.object, 1, instr(newest.object, ':') - 1) AS INTEGER)"
SQLITE = (
    "DROP TRIGGER audit_log_keeps_rows",
    f"""
    CREATE TRIGGER audit_log_keeps_rows BEFORE DELETE ON audit_log
    WHEN NOT {COVERED.format(number=NUMBER)}
    BEGIN SELECT RAISE(ABORT, 'audit_log is only added to'); END
    """,
)
POSTGRESQL = (
    "DROP TRIGGER audit_log_keeps_rows ON audit_log",
    """
    CREATE TRIGGER audit_log_changes_no_row BEFORE UPDATE OR TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_only_added_to()
    """,
    f"""
    CREATE FUNCTION audit_log_keeps_what_is_not_purged() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT {COVERED.format(number="split_part(newest.object, ':', 1)::bigint")} THEN
            RAISE EXCEPTION 'audit_log is only added to';
        END IF;
        RETURN OLD;
    END $$
    """,
    """
    CREATE TRIGGER audit_log_keeps_rows BEFORE DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_log_keeps_what_is_not_purged()
    """,
)


def upgrade() -> None:
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}.get(op.get_bind().dialect.name, ()):
        op.execute(statement)
