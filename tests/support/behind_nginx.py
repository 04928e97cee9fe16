"""deploy/nginx/hatif.conf in a folder of a test's own: with free ports and a certificate for localhost."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from programs import path_of

__all__ = ["FRONT", "make_certificate", "make_site", "nginx_command"]

SHIPPED = Path(__file__).parents[2] / "deploy" / "nginx"
FRONT = "daemon off; master_process off;"  # one process, which ends with the test


def make_site(folder: Path, *, behind: int, secure: int, plain: int) -> None:
    """What nginx needs to pass on what comes to `secure` and `plain` to the port `behind`."""
    (folder / "tls").mkdir()
    make_certificate(folder / "tls")
    site = (SHIPPED / "hatif.conf").read_text(encoding="utf-8").replace("/etc/nginx/tls/", f"{folder}/tls/")
    for listened, port in ((443, secure), (80, plain)):
        site = site.replace(f"listen {listened}", f"listen 127.0.0.1:{port}")
        site = site.replace(f"listen [::]:{listened}", f"listen [::1]:{port}")
    upstream = (SHIPPED / "hatif-upstream.conf").read_text(encoding="utf-8")
    (folder / "hatif-upstream.conf").write_text(upstream.replace("127.0.0.1:8080", f"127.0.0.1:{behind}"))
    (folder / "hatif.conf").write_text(site)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"pid {folder}/pid; error_log stderr error; events {{}} http {{ {temporary} include hatif.conf; }}\n"
    )


def nginx_command(folder: Path) -> list[str]:
    """Nginx over that folder; with FRONT after `-g` it stays in front."""
    return [path_of("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def make_certificate(folder: Path, host: str = "localhost", *, days: int = 90) -> None:
    """fullchain.pem and privkey.pem for a host, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
