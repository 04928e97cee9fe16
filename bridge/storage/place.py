"""Which database is meant, and where its backups go, as a value that needs no drivers."""

from dataclasses import dataclass, field
from pathlib import Path

from bridge.errors import StorageError
from bridge.privacy.keys import KeyRing

__all__ = ["Place", "Where"]

BACKUPS = "backups"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database: an SQLite file by its path, or any by its URL. Nothing secret of it is ever shown."""

    address: str | Path = field(repr=False)  # a URL may hold a password
    password: str | None = field(default=None, repr=False)
    backups: Path | None = None  # None: the folder `backups` beside an SQLite file
    backup_key: str | None = field(default=None, repr=False)  # encrypts them
    audit: Path | None = None  # the audit log's copy; None: beside an SQLite file
    backs_up: bool = True  # before an upgrade; False: whoever upgrades has a backup
    keys: KeyRing | None = field(default=None, repr=False)  # encrypt what tells of a person

    @classmethod
    def of(cls, given: "Place | str | Path") -> "Place":
        """What is given, or the database at this path or URL."""
        return given if isinstance(given, Place) else cls(address=given)

    @property
    def file(self) -> Path | None:
        """The SQLite file; None where the database is elsewhere."""
        if isinstance(self.address, Path):
            return self.address
        scheme, found, rest = self.address.partition("://")
        if not found:
            return Path(self.address)
        if not scheme.startswith("sqlite") or rest.startswith("/file:") or rest in {"", "/"}:
            return None
        return Path(rest.removeprefix("/").partition("?")[0])

    @property
    def backup_folder(self) -> Path | None:
        """Where backups go; None where nobody has said it and there is no file to put them beside."""
        if self.file is None:
            return self.backups
        return self.backups or self.file.parent / BACKUPS

    @property
    def audit_copy(self) -> Path:
        """Where the audit log's copy lies; ValueError where nobody has said it."""
        if self.audit is not None:
            return self.audit
        if self.file is None:
            raise ValueError("a database that is no file has no place beside it for the audit log's copy")
        return self.file.with_name(f"{self.file.name}.audit")

    def require_file(self, wish: str) -> Path:
        """The SQLite file, for what can be done to one only.

        Raises:
            StorageError: the database is elsewhere, or there is no file.

        """
        if self.file is None:
            raise StorageError(
                f"{wish} is for SQLite; storage.url names a PostgreSQL database, whose own pg_dump and "
                "pg_restore do it (docs/data.md says how)"
            )
        if not self.file.is_file():
            raise StorageError(
                f"there is no database at {self.file}: no call has been taken yet, or storage.path differs"
            )
        return self.file


Where = Place | str | Path  # a path or a URL stands for a place with nothing else said
