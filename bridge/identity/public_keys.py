"""Public keys of other issuers, read from files once, at the start."""

from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from bridge.config_identity import IssuerKey
from bridge.errors import ConfigError
from bridge.identity.signing import VerificationKey

__all__ = ["read_public_keys"]

MIN_RSA_BITS = 2048  # RFC 7518 section 3.3
MAX_KEY_BYTES = 16 * 1024


def read_public_keys(configured: Mapping[str, IssuerKey]) -> list[VerificationKey]:
    """The keys that are configured, by their kid.

    Raises:
        ConfigError: a file cannot be read, or holds no public key for its algorithm.

    """
    return [
        VerificationKey(kid, one.algorithm, _read(kid, one), one.issuer, frozenset(one.scopes), one.tenant)
        for kid, one in configured.items()
    ]


def _read(kid: str, one: IssuerKey) -> PublicKeyTypes:
    where = f"identity.keys: {kid}: {one.file}"
    try:
        key = load_pem_public_key(_content(one.file))
    except OSError:
        raise ConfigError(f"{where} cannot be read; it must be the path of a public key, *.pem") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(
            f"{where} holds no public key; it must begin with -----BEGIN PUBLIC KEY-----"
        ) from None
    match one.algorithm, key:
        case ("RS256", RSAPublicKey()) if key.key_size >= MIN_RSA_BITS:
            return key
        case ("ES256", EllipticCurvePublicKey()) if isinstance(key.curve, SECP256R1):
            return key
        case ("EdDSA", Ed25519PublicKey()):
            return key
    raise ConfigError(
        f"{where} is no key for {one.algorithm}; RS256 needs RSA of {MIN_RSA_BITS} bits or more, "
        "ES256 a key on P-256, EdDSA one of Ed25519"
    )


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_KEY_BYTES)
