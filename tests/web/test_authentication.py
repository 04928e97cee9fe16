"""Who is let in by which credential, and that everything forged meets one and the same answer."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from doorway import SERVICE_SECRET, TOKENS_SECRET, Doorway, doorway

from bridge.clock import Clock
from bridge.config import load_settings
from bridge.errors import ConfigError, StorageError
from bridge.identity import snapshot
from bridge.identity.access import AccessTokens
from bridge.identity.denial import deny, token_id_of
from bridge.identity.principal import Scope
from bridge.identity.public_keys import read_public_keys
from bridge.identity.signing import own_key
from bridge.identity.streams import StreamTokens
from bridge.storage.credentials import keys, revoke_key

KID = own_key(TOKENS_SECRET).kid
SESSIONS = Scope.SESSIONS_READ
ISSUER = "https://id.example"

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def public_pem(key: Any) -> bytes:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good token, with some changed; None leaves one out."""
    now = datetime.now(UTC)
    good: dict[str, Any] = {
        "iss": "hatif",
        "aud": "hatif",
        "sub": "service",
        "jti": "7",
        "iat": now,
        "exp": now + timedelta(seconds=300),
        "scope": "sessions:read",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(key: Any = TOKENS_SECRET, algorithm: str = "HS256", kid: str | None = KID, **changes: Any) -> str:
    headers = changes.pop("headers", {}) | ({"kid": kid} if kid is not None else {})
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


def raw(header: dict[str, Any] | str, payload: dict[str, Any] | str | None = None, key: bytes = b"") -> str:
    """A token that no library would make."""

    def part(content: Any) -> str:
        data = content if isinstance(content, str) else json.dumps(content)
        return base64.urlsafe_b64encode(data.encode()).rstrip(b"=").decode()

    now = int(datetime.now(UTC).timestamp())
    body = claims(iat=now, exp=now + 300) if payload is None else payload
    text = f"{part(header)}.{part(body)}"
    signature = hmac.new(key or TOKENS_SECRET.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def tampered() -> str:
    head, _, signature = signed().split(".")
    body = base64.urlsafe_b64encode(json.dumps(claims(iat=1, exp=2**40), default=str).encode())
    return f"{head}.{body.rstrip(b'=').decode()}.{signature}"


FORGED: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "no token": lambda: "garbage",
    "two dots": lambda: "..",
    "three letters": lambda: "a.b.c",
    "alg none": lambda: jwt.encode(claims(), None, algorithm="none", headers={"kid": KID}),
    "alg None": lambda: raw({"alg": "None", "typ": "JWT", "kid": KID}),
    "alg missing": lambda: raw({"typ": "JWT", "kid": KID}),
    "alg a list": lambda: raw({"alg": ["HS256"], "kid": KID}),
    "no signature": lambda: signed().rpartition(".")[0] + ".",
    "another secret": lambda: signed("o" * 48),
    "HS512 with our secret": lambda: signed(TOKENS_SECRET * 2, "HS512"),
    "HS256 with a public RSA key": lambda: raw({"alg": "HS256", "kid": "rsa"}, key=public_pem(RSA_KEY)),
    "HS256 with a public EC key": lambda: raw({"alg": "HS256", "kid": "ec"}, key=public_pem(EC_KEY)),
    "our secret under another's name": lambda: signed(kid="rsa"),
    "RS256 under our name": lambda: signed(RSA_KEY, "RS256"),
    "ES256 under the name of the RSA key": lambda: signed(EC_KEY, "ES256", "rsa", iss=ISSUER),
    "another's key for our issuer": lambda: signed(RSA_KEY, "RS256", "rsa"),
    "another issuer": lambda: signed(iss="somebody"),
    "another audience": lambda: signed(aud="hatif:stream"),
    "a stream token": lambda: StreamTokens(TOKENS_SECRET).issue(provider="twilio"),
    "no kid": lambda: signed(kid=None),
    "an unknown kid": lambda: signed(kid="hatif-00000000"),
    "a kid that is a path": lambda: raw({"alg": "HS256", "kid": "../../../../dev/null"}),
    "a kid that is a list": lambda: raw({"alg": "HS256", "kid": [KID]}),
    "jku": lambda: signed(headers={"jku": "https://attacker.example/keys"}),
    "x5u": lambda: signed(headers={"x5u": "https://attacker.example/key.pem"}),
    "jwk": lambda: signed(headers={"jwk": {"kty": "oct", "k": "b28"}}),
    "crit": lambda: raw({"alg": "HS256", "kid": KID, "crit": ["exp"]}),
    "changed after it was signed": tampered,
    "expired": lambda: signed(iat=later(-600), exp=later(-300)),
    "issued in the future": lambda: signed(iat=later(600), exp=later(900)),
    "not before": lambda: signed(nbf=later(600)),
    "lives an hour": lambda: signed(exp=later(3600)),
    "lives a second too long": lambda: signed(exp=later(902)),
    "ends before it begins": lambda: signed(iat=later(20), exp=later(10)),
    "exp is no number": lambda: raw({"alg": "HS256", "kid": KID}, claims(iat=1, exp="never")),
    "exp is infinite": lambda: raw(
        {"alg": "HS256", "kid": KID}, json.dumps(claims(iat=1, exp=2)).replace('"exp": 2', '"exp": 1e999')
    ),
    "aud is a number": lambda: raw({"alg": "HS256", "kid": KID}, claims(aud=7, iat=1, exp=2)),
    "sub is empty": lambda: signed(sub=""),
    "sub is a book": lambda: signed(sub="x" * 500),
    "tenant is a list": lambda: signed(tenant=["north", "south"]),
    "claims are a list": lambda: raw({"alg": "HS256", "kid": KID}, "[]"),
    "header is a nest": lambda: raw("[" * 1200, "{}"),
    "oversize": lambda: signed(more="x" * 5000),
    "unicode": lambda: signed()[:-3] + "\u0661\u0662\u0663",
    "a half of a letter": lambda: signed()[:-1] + "\u00ff",
    "an API key of nobody": lambda: f"hatif_{'0' * 12}_{'A' * 43}",
    "an API key that is too short": lambda: f"hatif_{'0' * 12}_{'A' * 42}",
    "the service secret, almost": lambda: SERVICE_SECRET[:-1],
    "the secret that signs": lambda: TOKENS_SECRET,
}


FORGED |= {
    f"no {name}": (lambda name=name: signed(**{name: None}))
    for name in ("exp", "iat", "aud", "iss", "sub", "jti")
}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Doorway]:
    """Three issuers beside ourselves."""
    names = {"rsa": (RSA_KEY, "RS256"), "ec": (EC_KEY, "ES256"), "ed": (ED_KEY, "EdDSA")}
    config = tmp_path / "config.yaml"
    lines = ["identity:", "  keys:"]
    for kid, (key, algorithm) in names.items():
        (tmp_path / f"{kid}.pem").write_bytes(public_pem(key))
        lines.append(
            f"    {kid}: {{file: {kid}.pem, algorithm: {algorithm}, issuer: '{ISSUER}', "
            "scopes: [sessions:read], tenant: north}"
        )
    config.write_text("\n".join(lines))
    async with doorway(tmp_path, HATIF_CONFIG=str(config)) as opened:
        yield opened


async def test_everything_forged_meets_the_same_answer(door: Doorway) -> None:
    """401, the same body, the same headers; good ones beside them show that the door is not just shut."""
    status, body, headers = await door.ask("/probe")
    assert (status, body, headers["WWW-Authenticate"]) == (401, "a valid credential is needed\n", "Bearer")
    assert len(FORGED) >= 20
    for path in ("/probe", "/auth/token"):
        for name, make in FORGED.items():
            refusal = await door.ask(path, make())
            assert refusal[:2] == (401, body), (path, name)
            assert refusal[2]["WWW-Authenticate"] == "Bearer", name
    assert (await door.ask("/probe", signed()))[0] == 200
    assert (await door.ask("/probe", raw({"alg": "HS256", "kid": KID})))[0] == 200


async def test_a_credential_is_shown_in_one_way(door: Doorway) -> None:
    """As a bearer's, in the header; nowhere else, so that none gets into an access log."""
    for header in (f"Basic {SERVICE_SECRET}", SERVICE_SECRET, f"Bearer{SERVICE_SECRET}", "Bearer", ""):
        assert (await door.ask("/probe", Authorization=header))[0] == 401, header
    assert (await door.ask(f"/probe?access_token={SERVICE_SECRET}"))[0] == 401
    assert (await door.ask("/probe", Authorization=f"bearer  {SERVICE_SECRET}"))[0] == 200


@pytest.mark.parametrize(
    ("kid", "key", "algorithm"), [("rsa", RSA_KEY, "RS256"), ("ec", EC_KEY, "ES256"), ("ed", ED_KEY, "EdDSA")]
)
async def test_another_issuers_token_says_no_more_than_its_key_may(
    door: Doorway, kid: str, key: Any, algorithm: str
) -> None:
    """Scopes are cut to the key's, the tenant is the key's, and its subject is nobody of another issuer's."""
    token = signed(key, algorithm, kid, iss=ISSUER, scope="sessions:read daemon:control x", tenant="south")
    status, told, _ = await door.ask("/probe", token)
    who = {"name": f"issuer:{kid}:service", "tenant": "north", "scopes": ["sessions:read"]}
    assert (status, told) == (200, who)
    assert (await door.ask("/auth/token", signed(key, algorithm, kid, iss=ISSUER, scope="tokens:issue")))[
        0
    ] == 403


async def test_no_token_issues_tokens(door: Doorway) -> None:
    """Else a quarter of an hour would last for ever."""
    assert (await door.ask("/auth/token", signed(scope="tokens:issue sessions:read")))[0] == 403


async def test_a_revoked_token_is_refused_within_five_seconds(
    door: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its brothers are not; what is held in memory is believed for five seconds at most."""
    assert snapshot.FRESH_SECONDS <= snapshot.STALE_SECONDS <= 5
    monkeypatch.setattr(snapshot, "FRESH_SECONDS", 0.0)  # time passes
    token, other = signed(jti="one"), signed(jti="two")
    assert (await door.ask("/probe", token))[0] == 200
    await deny(door.store, token_id_of(token), Clock())
    await deny(door.store, "one", Clock())  # twice does no harm
    assert [(await door.ask("/probe", each))[0] for each in (token, other)] == [401, 200]


async def test_where_nothing_can_be_looked_up_nobody_is_let_in(
    door: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a moment what is known is believed; then it is too old, and that passes with a 503."""

    async def broken(*_: Any) -> Any:
        raise StorageError("the database cannot be read")

    key = await door.key(SESSIONS)
    assert (await door.ask("/probe", key))[0] == 200
    monkeypatch.setattr(door.store, "select", broken)
    monkeypatch.setattr(snapshot, "FRESH_SECONDS", 0.0)
    assert (await door.ask("/probe", key))[0] == 200
    monkeypatch.setattr(snapshot, "STALE_SECONDS", 0.0)
    assert (await door.ask("/probe", key))[0] == 503
    assert (await door.ask("/probe", signed()))[0] == 503


class TestKeys:
    """`hatif_KEYID_SECRET`"""

    async def test_a_key_is_what_it_was_made_for(self, door: Doorway) -> None:
        """Its scopes and its tenant; who shows it is named by its id."""
        key, another = await door.key(SESSIONS, tenant="north"), await door.key(Scope.METRICS_READ)
        status, told, _ = await door.ask("/probe", key)
        name = f"key:{key.split('_')[1]}"
        assert (status, told) == (200, {"name": name, "tenant": "north", "scopes": ["sessions:read"]})
        assert (await door.ask("/probe", another))[0] == 403

    async def test_every_letter_counts(self, door: Doorway) -> None:
        key = await door.key(SESSIONS)
        for place in (6, 12, 19, 40, -1):
            changed = "0" if key[place] != "0" else "1"
            assert (await door.ask("/probe", key[:place] + changed + key[place:][1:]))[0] == 401, place
        assert (await door.ask("/probe", key + "A"))[0] == 401

    async def test_nothing_of_a_key_is_kept_but_its_hash(self, door: Doorway) -> None:
        key = await door.key(SESSIONS)
        (stored,) = await keys(door.store)
        assert stored.digest == hashlib.sha256(key.encode()).hexdigest()
        assert key[-30:] not in repr(stored)

    async def test_a_revoked_key_is_refused_within_five_seconds(
        self, door: Doorway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The other one is not."""
        monkeypatch.setattr(snapshot, "FRESH_SECONDS", 0.0)  # time passes
        key, other = await door.key(SESSIONS), await door.key(SESSIONS)
        assert (await door.ask("/probe", key))[0] == 200
        assert await revoke_key(door.store, key.split("_")[1], Clock().now())
        assert [(await door.ask("/probe", each))[0] for each in (key, other)] == [401, 200]

    async def test_an_expired_key_is_worthless(self, door: Doorway) -> None:
        assert (await door.ask("/probe", await door.key(SESSIONS, days=-0.001)))[0] == 401

    async def test_its_use_is_noted_now_and_then(
        self, door: Doorway, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The first time; not again a moment later."""
        key = await door.key(SESSIONS)
        for _ in range(3):
            assert (await door.ask("/probe", key))[0] == 200
        (stored,) = await keys(door.store)
        assert stored.last_used_at is not None
        monkeypatch.setattr(snapshot, "FRESH_SECONDS", 0.0)
        assert (await door.ask("/probe", key))[0] == 200
        assert await keys(door.store) == [stored]


async def test_the_service_secret_looks_and_has_tokens_issued(door: Doorway) -> None:
    """It reads no answers and controls nothing, unless the site says so."""
    status, told, _ = await door.ask("/probe", SERVICE_SECRET)
    assert (status, told["name"], told["tenant"]) == (200, "service", None)
    assert "tokens:issue" in told["scopes"]
    assert not {"answers:read", "daemon:control", "audit:read"} & set(told["scopes"])


def test_a_file_that_is_no_public_key_is_told(tmp_path: Path) -> None:
    """By the key's name, the file and what would be right; a private one is none."""
    private = ED_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - to be refused
    for content, algorithm, problem in (
        (b"nothing", "EdDSA", "holds no public key"),
        (private, "EdDSA", "holds no public key"),
        (public_pem(RSA_KEY), "EdDSA", "is no key for EdDSA"),
        (public_pem(small), "RS256", "is no key for RS256; RS256 needs RSA of 2048 bits"),
        (public_pem(ec.generate_private_key(ec.SECP384R1())), "ES256", "is no key for ES256"),
        (None, "ES256", "cannot be read"),
    ):
        config = tmp_path / "config.yaml"
        (tmp_path / "k.pem").unlink(missing_ok=True)
        if content is not None:
            (tmp_path / "k.pem").write_bytes(content)
        config.write_text(
            f"identity: {{keys: {{k: {{file: k.pem, algorithm: {algorithm}, issuer: i, scopes: []}}}}}}"
        )
        with pytest.raises(ConfigError, match=problem):
            read_keys(config)


def read_keys(config: Path) -> Any:
    return read_public_keys(load_settings(config, environ={}).identity.keys)


def test_tokens_of_one_call_are_good_for_its_transcript_only() -> None:
    """Whatever else they say: no other route asks which call they are of."""
    tokens = AccessTokens(TOKENS_SECRET)
    principal, _ = tokens.read(tokens.issue("x", {Scope.TRANSCRIPTS, Scope.SESSIONS_END}, call="c1"))
    assert (principal.scopes, principal.call) == ({Scope.TRANSCRIPTS}, "c1")
