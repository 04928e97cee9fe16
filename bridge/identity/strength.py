"""Which secrets are no secrets: those that can be guessed, and those that everybody has read."""

__all__ = ["MIN_SECRET_BYTES", "is_published", "weakness"]

MIN_SECRET_BYTES = 32  # RFC 7518 section 3.2: an HS256 key has at least the hash's 256 bits

# Long enough and published: deployment guides show them, and what guides show is what gets deployed.
_PUBLISHED = frozenset(
    {
        "hana_voice_shared_secret_2024_secure_key",
        "your-super-secret-key-min-32-chars",
        "your_super_secret_key_min_32_chars",
    }
)


def is_published(secret: str) -> bool:
    """Whether a guide shows this very secret."""
    return secret.strip().lower() in _PUBLISHED


def weakness(secret: str) -> str | None:
    """What is wrong with a secret, without a word of it; None where nothing is."""
    if len(secret.encode()) < MIN_SECRET_BYTES:
        return f"is too short: at least {MIN_SECRET_BYTES} bytes are needed"
    if is_published(secret):
        return "is an example out of a guide, so everybody knows it"
    return None
