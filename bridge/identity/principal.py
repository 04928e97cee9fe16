"""Somebody whose identity has been established, and what they may do. How that was done is not its matter."""

from enum import StrEnum

from msgspec import Struct

__all__ = ["DEFAULT_TENANT", "LOCAL", "LOOPBACK", "Principal", "Scope"]

DEFAULT_TENANT = "default"  # of a call that belongs to nobody in particular, as where there is one hospital


class Scope(StrEnum):
    """What an identity is good for. The names are part of keys and tokens: they do not change."""

    TRANSCRIPTS = "transcripts"  # reading and following what is said in calls that are listened to
    SESSIONS_READ = "sessions:read"  # which calls are in progress
    SESSIONS_END = "sessions:end"
    HEALTH_READ = "health:read"  # health with its details
    METRICS_READ = "metrics:read"
    QUESTIONNAIRES_READ = "questionnaires:read"
    ANSWERS_READ = "answers:read"
    AUDIT_READ = "audit:read"
    DAEMON_CONTROL = "daemon:control"  # drain, undrain, reload
    TOKENS_ISSUE = "tokens:issue"  # short-lived tokens, of one's own scopes at most
    STREAMS_OPEN = "streams:open"  # single-use tokens of media sockets


class Principal(Struct, frozen=True):
    """Who asks."""

    # For the audit log: `key:ID`, `token:SUBJECT`, `issuer:KID:SUBJECT`, `service`, `local`; nobody's name.
    name: str
    scopes: frozenset[Scope]
    tenant: str | None = None  # None: every tenant's calls are theirs to see
    call: str | None = None  # None: not one call's only

    def may(self, scope: Scope) -> bool:
        """Whether this is allowed."""
        return scope in self.scopes

    def sees(self, tenant: str) -> bool:
        """Whether that tenant's calls are theirs to see."""
        return self.tenant is None or self.tenant == tenant


# Whoever can open the admin socket's file: the daemon's own user, and root.
LOCAL = Principal("local", frozenset(Scope))
# A program on this machine that has shown nothing, where the site has configured no credential at all.
LOOPBACK = Principal("loopback", frozenset({Scope.TRANSCRIPTS}))
