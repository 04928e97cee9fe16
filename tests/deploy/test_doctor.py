"""What `hatif doctor` finds: one fault at a time is made, and has to be told with what to do about it."""

import json
import os
import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typed import typed

from bridge.checkup import Finding, Verdict, look
from bridge.clock import Clock
from bridge.config import Settings, load_settings
from bridge.content import CONTENT
from bridge.doctor import certificate, daemon, database, examination, files, machine, privacy, service
from bridge.doctor.hearing import hearing
from bridge.errors import StorageError
from bridge.privacy.keys import new_key
from bridge.speech.vosk.model import check_model
from bridge.storage.schema import known_revisions
from bridge.storage.store import Store

NOW = datetime(2026, 6, 1, tzinfo=UTC)
Configure = Callable[..., Settings]


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """Settings of a deployment in a folder of its own."""

    def made(text: str = "", **environ: str) -> Settings:
        places = f"storage: {{path: {tmp_path}/data/hatif.db}}\nadmin: {{socket: {tmp_path}/admin.sock}}\n"
        (tmp_path / "config.yaml").write_text(places + text, encoding="utf-8")
        return load_settings(tmp_path / "config.yaml", environ=environ)

    return made


def one(findings: Iterator[Finding] | list[Finding], subject: str) -> Finding:
    """The finding about this."""
    return next(finding for finding in findings if finding.subject == subject)


class TestMachine:
    """`machine.py`."""

    @pytest.mark.parametrize(
        ("running", "verdict"), [((3, 10), "bad"), ((3, 11), "good"), ((3, 13), "good"), ((3, 99), "warning")]
    )
    def test_python(self, running: tuple[int, int], verdict: str) -> None:
        """One that the tests are run with."""
        assert machine.python(running).verdict == verdict

    @pytest.mark.parametrize(
        ("requirement", "told"),
        [("aiohttp>=999", "is older than 999"), ("no-such-library>=1", "is not installed")],
    )
    def test_libraries(self, requirement: str, told: str) -> None:
        """An absent one, and one that is too old; those of extras do not matter."""
        wanted = ["SQLAlchemy[asyncio]>=2.0", "torch>=999; extra == 'xtts'"]
        assert machine.libraries(wanted).verdict is Verdict.GOOD
        found = machine.libraries([*wanted, requirement])
        assert (found.verdict, told in found.detail) == (Verdict.BAD, True)

    def test_memory(self, configure: Configure) -> None:
        """A large model, or XTTS, asks for more."""
        settings = configure()
        assert machine.memory(settings, 3 << 20, 4 << 30).verdict is Verdict.GOOD
        assert machine.memory(settings, 2 << 30, 4 << 30).verdict is Verdict.WARNING
        spoken = configure("voice: {engine: xtts}\n")
        assert machine.memory(spoken, 3 << 20, 4 << 30).verdict is Verdict.WARNING

    def test_processors(self, configure: Configure) -> None:
        """No more utterances at a time than processors."""
        assert machine.processors(configure(), 2).verdict is Verdict.GOOD
        assert "2 at most" in machine.processors(configure("recogniser: {threads: 3}\n"), 2).advice

    def test_inodes(self) -> None:
        """Few left, enough, and a volume that has no number."""
        verdicts = [
            machine.inodes(SimpleNamespace(f_files=files_, f_favail=left)).verdict  # type: ignore[arg-type]
            for files_, left in ((10**6, 9), (10**6, 10**5), (0, 0))
        ]
        assert verdicts == [Verdict.WARNING, Verdict.GOOD, Verdict.GOOD]

    def test_clock(self) -> None:
        """As adjtimex(2) tells, which may be asked by anybody."""
        assert machine._clock_state() in {0, 1, 2, 3, 4, 5}
        assert machine.clock(0).verdict is Verdict.GOOD
        assert "set-ntp" in machine.clock(machine.TIME_ERROR).advice

    def test_time_zone_and_terminal(self) -> None:
        """Neither is an error, and both are told."""
        assert machine.time_zone("+03", -3 * 3600).verdict is Verdict.GOOD
        assert machine.time_zone("UTC", 0).verdict is Verdict.WARNING
        assert machine.terminal("UTF-8", {"TERM": "xterm"}).verdict is Verdict.GOOD
        assert machine.terminal("ANSI_X3.4-1968", {}).verdict is Verdict.WARNING
        assert machine.terminal("utf-8", {"TERM": "linux"}).verdict is Verdict.WARNING


class TestFiles:
    """`files.py`."""

    def test_configuration_that_others_may_change(self, configure: Configure, tmp_path: Path) -> None:
        """Is bad, and mended by the command that is named."""
        configure()
        path = tmp_path / "config.yaml"
        path.chmod(0o644)
        assert files.configuration(path).verdict is Verdict.GOOD
        path.chmod(0o664)
        assert files.configuration(path).advice == f"chmod go-w {path}"

    def test_secrets_in_the_wrong_place(self, configure: Configure, tmp_path: Path) -> None:
        """In the environment, and in a file that everybody reads; never shown."""
        secret = "s" * 40
        settings = configure(f"tokens: {{secret: {secret}}}\n", HATIF_PROVIDERS__MAQSAM__TOKEN="m" * 40)
        (tmp_path / "config.yaml").chmod(0o644)
        found = list(files.secrets_kept(settings, tmp_path / "config.yaml"))
        assert {each.subject: each.verdict.value for each in found} == {
            "tokens.secret": "bad",
            "providers.maqsam.token": "warning",
        }
        assert secret not in str(found)

    def test_null_is_no_secret(self, configure: Configure, tmp_path: Path) -> None:
        """As in the shipped file."""
        settings = configure("tokens: {secret: null}\n")
        assert list(files.secrets_kept(settings, tmp_path / "config.yaml")) == []

    def test_credential_files(self, tmp_path: Path) -> None:
        """Open, short, misnamed and linked ones are told; good ones are counted."""
        folder = tmp_path / "credentials"
        folder.mkdir(mode=0o700)
        for name, content in {
            "tokens_secret": "s" * 40,
            "maqsam_token": "short",
            "token_secret": "x" * 40,
        }.items():
            (folder / name).write_text(content)
            (folder / name).chmod(0o600)
        (folder / "voices_key").symlink_to(folder / "tokens_secret")
        found = {each.subject: each for each in files.credential_files(folder)}
        assert "tokens_secret" in found["credential token_secret"].advice
        assert "openssl" in found["credential maqsam_token"].advice
        assert found["credential voices_key"].verdict is Verdict.BAD
        assert "credential tokens_secret" not in found
        (folder / "tokens_secret").chmod(0o644)
        folder.chmod(0o755)
        found = {each.subject: each for each in files.credential_files(folder)}
        assert found["credential tokens_secret"].verdict is Verdict.BAD
        assert found["credentials folder"].verdict is Verdict.BAD

    def test_data_that_others_may_read(self, configure: Configure) -> None:
        """The database, and what lies beside it."""
        settings = configure()
        assert "first start" in files.data(settings).detail
        settings.storage.path.parent.mkdir(mode=0o755)
        settings.storage.path.touch(mode=0o600)
        assert files.data(settings).verdict is Verdict.GOOD
        settings.storage.path.with_name("hatif.db-wal").touch(mode=0o644)
        assert files.data(settings).verdict is Verdict.BAD

    def test_data_of_another_user(self, configure: Configure) -> None:
        """The daemon would not start."""
        settings = configure()
        settings.storage.path.parent.mkdir()
        found = files.user(settings, {"hatif": os.getuid() + 1})
        assert found is not None
        assert found.advice.startswith("chown -R hatif:")
        assert files.user(settings, {}) is None

    def test_admin_socket(self, configure: Configure) -> None:
        """Closed to others, or bad."""
        path = configure().admin.socket
        assert path is not None
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(path))
            path.chmod(0o600)
            assert (found := files.admin_socket(configure())) is not None
            assert found.verdict is Verdict.GOOD
            path.chmod(0o666)
            assert (found := files.admin_socket(configure())) is not None
            assert found.verdict is Verdict.BAD


class TestDatabase:
    """`database.py`."""

    @pytest.fixture
    async def settings(self, configure: Configure) -> Settings:
        """With a database that is whole and of the newest schema."""
        settings = configure()
        await (await Store.open(settings.storage.path, clock=Clock())).close()
        return settings

    async def test_whole(self, settings: Settings) -> None:
        """And never backed up; looking leaves nothing behind."""
        found = list(database.database(settings, NOW, sees_secrets=True))
        assert [file.name for file in settings.storage.path.parent.iterdir()] == ["hatif.db"]
        assert one(found, "database").verdict is Verdict.GOOD
        assert one(found, "schema").detail == known_revisions()[-1]
        assert "hatif-backup.timer" in one(found, "backup").advice

    async def test_in_use(self, configure: Configure) -> None:
        """A daemon that has it open is no hindrance."""
        settings = configure()
        store = await Store.open(settings.storage.path, clock=Clock())
        found = list(database.database(settings, NOW, sees_secrets=True))
        await store.close()
        assert one(found, "database").verdict is Verdict.GOOD

    @pytest.mark.parametrize(("revision", "verdict"), [("9999", "bad"), (known_revisions()[0], "warning")])
    async def test_schema_of_another_version(self, settings: Settings, revision: str, verdict: str) -> None:
        """A newer one, and an older one."""
        with closing(sqlite3.connect(settings.storage.path)) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
        assert one(database.database(settings, NOW, sees_secrets=True), "schema").verdict == verdict

    async def test_damaged(self, settings: Settings) -> None:
        """A page of it overwritten."""
        with settings.storage.path.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 16384)
        found = one(database.database(settings, NOW, sees_secrets=True), "database")
        assert (found.verdict, "hatif db restore" in found.advice) == (Verdict.BAD, True)

    def test_no_database_of_ours(self, configure: Configure) -> None:
        """Another program's file is told, not taken for an empty one."""
        settings = configure()
        settings.storage.path.parent.mkdir()
        settings.storage.path.write_text("hello " * 1000)
        assert one(database.database(settings, NOW, sees_secrets=True), "database").verdict is Verdict.BAD

    def test_log_that_grows(self, tmp_path: Path) -> None:
        """Somebody reads all the time."""
        with (tmp_path / "hatif.db-wal").open("wb") as log:
            log.truncate(database.LARGE_LOG_BYTES + 1)
        assert database.write_ahead_log(tmp_path / "hatif.db").verdict is Verdict.WARNING

    @pytest.mark.parametrize(("hours", "verdict"), [(20, "good"), (30, "warning")])
    def test_age_of_the_backup(self, tmp_path: Path, hours: int, verdict: str) -> None:
        """The latest counts."""
        for name, age in (("hatif-20260501T000000Z.db", 800), ("hatif-20260531T000000Z.db", hours)):
            (tmp_path / name).touch()
            at = (NOW - timedelta(hours=age)).timestamp()
            os.utime(tmp_path / name, (at, at))
        assert database.backup(tmp_path, NOW).verdict == verdict


class TestPrivacy:
    """`privacy.py`."""

    K1, K2 = new_key("k1"), new_key("k2")

    @pytest.mark.parametrize(
        ("made_with", "configured", "verdict", "told"),
        [
            (K1, K1, "good", "with the key k1"),
            (K1, "", "bad", "encrypted with the key k1; privacy.key must hold it"),
            (K1, K2, "bad", "encrypted with the key k1; privacy.key must hold it"),
            (K1, new_key("k1"), "bad", "another key named k1"),
            ("", K1, "bad", "holds values that are not encrypted"),
            ("", "", "good", "none, and only this machine is served"),
        ],
    )
    async def test_key_of_the_database(
        self, configure: Configure, made_with: str, configured: str, verdict: str, told: str
    ) -> None:
        """Whatever `hatif serve` would refuse to start for is told before, with what to do."""
        settings, others = (
            configure(**{"HATIF_PRIVACY__KEY": key} if key else {}) for key in (made_with, configured)
        )
        await (await Store.open(settings.database, clock=Clock())).close()
        found = one(database.database(others, NOW, sees_secrets=True), "encryption")
        assert (found.verdict, told in found.detail, bool(found.advice)) == (verdict, True, verdict == "bad")
        if verdict == "bad":
            with pytest.raises(StorageError):
                await Store.open(others.database, clock=Clock())

    async def test_whoever_may_not_see_the_keys_is_told_so(self, configure: Configure) -> None:
        """No alarm that root would not confirm."""
        settings = configure(HATIF_PRIVACY__KEY=self.K1)
        await (await Store.open(settings.database, clock=Clock())).close()
        found = one(database.database(configure(), NOW, sees_secrets=False), "encryption")
        assert (found.verdict, "as root" in found.advice) == (Verdict.WARNING, True)

    def test_no_key_where_others_are_served(self, configure: Configure) -> None:
        """Before the first start, when it costs nothing."""
        settings = configure("server: {host: 0.0.0.0}\n")
        assert one(database.database(settings, NOW, sees_secrets=True), "encryption").verdict == "warning"

    def test_nothing_is_ever_forgotten(self, configure: Configure) -> None:
        """The default; one period is enough to show that somebody has thought of it."""
        assert privacy.forgetting(configure()).verdict is Verdict.WARNING
        found = privacy.forgetting(configure("privacy: {keep_days: {transcripts: 30}}\n"))
        assert (found.verdict, found.detail) == (Verdict.GOOD, "transcripts after 30 days")


class TestDanger:
    """Whom callers in danger reach, as `hatif check` and `hatif doctor` see it."""

    @pytest.mark.parametrize(
        ("text", "verdict"),
        [
            ("questionnaires: {allow_draft: true}\n", "warning"),
            ("", "bad"),
            ("notifications: {url: 'https://oncall.example/hatif'}\n", "good"),
        ],
    )
    def test_nobody_is_told(self, configure: Configure, tmp_path: Path, text: str, verdict: str) -> None:
        """Of trials it is worth a look; patients must not be called so."""
        folder = tmp_path / "questionnaires"
        shutil.copytree(CONTENT / "questionnaires/common", folder / "common")
        shipped = (CONTENT / "questionnaires/post_discharge.yaml").read_text(encoding="utf-8")
        signed = shipped.replace("\nstatus: draft\n", "\nstatus: validated\n")
        (folder / "post_discharge.yaml").write_text(signed, encoding="utf-8")
        place = text if text.startswith("questionnaires") else f"{text}questionnaires: {{}}\n"
        place = place.replace("questionnaires: {", f"questionnaires: {{folder: '{folder}', ")
        found = one(look(configure(place)), "notifications")
        assert found.verdict == verdict
        assert bool(found.advice) == (verdict != "good")


class _Answers(BaseHTTPRequestHandler):
    """Says what it is told to say."""

    answers: dict[str, tuple[int, Any]] = {}  # noqa: RUF012 - of the server that a test makes

    def do_GET(self) -> None:
        status, body = self.answers.get(self.path, (404, "not found"))
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving(answers: dict[str, tuple[int, Any]]) -> Iterator[int]:
    """A program at a port of this machine."""
    handler = type("Handler", (_Answers,), {"answers": answers})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


class TestDaemon:
    """`daemon.py`."""

    def test_ours_at_the_port(self, configure: Configure) -> None:
        """Ready, and not."""
        answers: dict[str, tuple[int, Any]] = {
            "/": (200, {"service": "hatif", "state": "running", "version": "0.1.0"}),
            "/readyz": (503, {"ready": False, "reasons": ["storage"]}),
        }
        with serving(answers) as port:
            found = list(daemon.daemon(configure(f"server: {{port: {port}}}\n")))
            assert one(found, "daemon").detail == "runs: state running, version 0.1.0"
            assert one(found, "ready").detail == "calls are not taken: storage"
            answers["/readyz"] = (200, {"ready": True, "reasons": []})
            found = list(daemon.daemon(configure(f"server: {{port: {port}}}\n")))
            assert one(found, "ready").verdict is Verdict.GOOD

    def test_another_program_at_the_port(self, configure: Configure) -> None:
        """Is bad: the daemon could not start."""
        with serving({}) as port:
            found = one(daemon.daemon(configure(f"server: {{port: {port}}}\n")), "daemon")
        assert (found.verdict, f"sport = {port}" in found.advice) == (Verdict.BAD, True)

    def test_nobody_at_the_port(self, configure: Configure) -> None:
        """The port is free; a socket's file that a crash has left behind changes nothing."""
        with socket.socket(socket.AF_UNIX) as gone:
            gone.bind(str(configure().admin.socket))
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        found = one(daemon.daemon(configure(f"server: {{port: {port}}}\n")), "daemon")
        assert found.detail == f"it does not run; port {port} is free"

    def test_open_files(self, configure: Configure) -> None:
        """Of a daemon too few are bad; of a shell they may not matter."""
        settings = configure("calls: {max_concurrent: 1000}\n")
        assert daemon.files_open(settings, 1024, of_daemon=True).verdict is Verdict.BAD
        assert daemon.files_open(settings, 1024, of_daemon=False).verdict is Verdict.WARNING
        assert daemon.files_open(settings, 65536, of_daemon=True).verdict is Verdict.GOOD
        assert daemon.files_open(settings, -1, of_daemon=True).verdict is Verdict.GOOD

    def test_limits_are_read(self) -> None:
        """Those of this process, as the kernel writes them."""
        assert daemon._limits(None)["Max open files"] > 0
        assert daemon._limits(2**22 + 1) == {}

    @pytest.mark.parametrize(
        ("limit", "pattern", "verdict"),
        [
            (0, "core", "good"),
            (-1, "core", "bad"),
            (0, "|/usr/share/apport/apport %p", "warning"),
            (0, "|/lib/systemd/systemd-coredump %P", "good"),
        ],
    )
    def test_core_dumps(self, limit: int, pattern: str, verdict: str) -> None:
        """The limit, and who collects crashes in spite of it."""
        assert daemon.core_dumps(limit, pattern, of_daemon=True).verdict == verdict


class TestService:
    """`service.py`."""

    def test_unit_file(self, tmp_path: Path) -> None:
        """Absent, changed, and as shipped."""
        shipped, folder = tmp_path / "shipped", tmp_path / "units"
        folder.mkdir()
        shipped.write_text("[Service]\n")
        assert "install -m 0644" in service.unit_file([folder], shipped).advice
        (folder / "hatif.service").write_text("[Service]\nUser=root\n")
        assert "hatif.service.d" in service.unit_file([folder], shipped).advice
        (folder / "hatif.service").write_text("[Service]\n")
        assert service.unit_file([folder], shipped).verdict is Verdict.GOOD

    def test_state(self) -> None:
        """Failed, restarted, off at boot, changed on disk."""
        good = {"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "NRestarts": "0"}
        good |= {"UnitFileState": "enabled", "NeedDaemonReload": "no", "Result": "success"}
        assert [each.verdict for each in service.state(good)] == [Verdict.GOOD]
        failed = one(service.state(good | {"ActiveState": "failed", "Result": "watchdog"}), "service")
        assert (failed.verdict, "watchdog" in failed.detail) == (Verdict.BAD, True)
        assert "3 times" in one(service.state(good | {"NRestarts": "3"}), "service").detail
        assert (
            one(service.state(good | {"UnitFileState": "disabled"}), "service at boot").verdict
            is Verdict.WARNING
        )
        assert (
            one(service.state(good | {"NeedDaemonReload": "yes"}), "service files").verdict is Verdict.WARNING
        )
        assert list(service.state({"LoadState": "not-found"})) == []


def _certificate(name: str, until: datetime) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([])
    built = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1)
        .not_valid_before(NOW - timedelta(days=90))
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=True)
    )
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


class TestCertificate:
    """`certificate.py`."""

    @pytest.mark.parametrize(
        ("name", "days", "verdict"),
        [
            ("hatif.example.org", 60, "good"),
            ("*.example.org", 60, "good"),
            ("hatif.example.org", 5, "warning"),
            ("hatif.example.org", -1, "bad"),
            ("www.example.org", 60, "bad"),
            ("*.hatif.example.org", 60, "bad"),
        ],
    )
    def test_judged(self, name: str, days: int, verdict: str) -> None:
        """By name and date."""
        content = _certificate(name, NOW + timedelta(days=days))
        assert certificate.judge(content, "hatif.example.org", NOW).verdict == verdict

    def test_without_online_nobody_else_is_asked(
        self, configure: Configure, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Only this machine, whatever the address says."""
        asked = list[str]()

        def connect(address: tuple[str, int], _timeout: float) -> socket.socket:
            asked.append(address[0])
            raise ConnectionRefusedError

        monkeypatch.setattr("socket.create_connection", connect)
        settings = configure("server: {public_url: 'https://hatif.example.org'}\n")
        found = [certificate.certificate(settings, NOW, online=online) for online in (False, True)]
        assert asked == ["127.0.0.1", "hatif.example.org"]
        assert [each.verdict.value for each in found if each] == ["warning", "bad"]


async def test_the_model_hears_a_word(configure: Configure) -> None:
    """The shipped one, said by a voice that it was not trained on."""
    model = configure().recogniser.model
    found = await hearing(model, check_model(model))
    assert found.verdict is Verdict.GOOD, found.detail


class TestCommand:
    """`hatif doctor` as it is typed."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A deployment with one small questionnaire."""
        source = Path(__file__).parents[2] / "questionnaires"
        (tmp_path / "questionnaires/common").mkdir(parents=True)
        for name in ("asthma_control.yaml", "common/ar.yaml"):
            (tmp_path / "questionnaires" / name).write_bytes((source / name).read_bytes())
        text = "questionnaires: {folder: questionnaires, default: asthma_control, allow_draft: true}\n"
        (tmp_path / "config.yaml").write_text(text + "server: {port: 0}\n")
        return tmp_path

    def test_all_at_once(self, folder: Path) -> None:
        """As JSON; whatever is not good says what to do, and nothing is left behind."""
        before = sorted(folder.rglob("*"))
        ended = typed("doctor", "--config", folder / "config.yaml", "--json", folder=folder)
        found = {each["subject"]: each for each in json.loads(ended.stdout)}
        assert {"configuration", "model", "python", "data", "database", "daemon", "unit", "hearing"} <= set(
            found
        )
        assert found["drafts"]["verdict"] == "warning"
        assert [each for each in found.values() if each["verdict"] != "good" and not each["advice"]] == []
        assert sorted(folder.rglob("*")) == before
        assert ended.returncode == (1 if "bad" in {each["verdict"] for each in found.values()} else 0)

    def test_a_configuration_that_cannot_be_read(self, folder: Path) -> None:
        """Is told, with the exit status that says so."""
        (folder / "config.yaml").write_text("sever: {port: 1}\n")
        ended = typed("doctor", "--config", folder / "config.yaml", folder=folder)
        assert ended.returncode == 1
        assert "did you mean server?" in " ".join(ended.stdout.split())
        assert "1 bad" in ended.stderr


def test_every_check_of_the_command_has_advice() -> None:
    """None is empty."""
    assert all(examination.ADVICE.values())
