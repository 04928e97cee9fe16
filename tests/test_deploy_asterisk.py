"""The files and the page by which an operator connects Asterisk, compared with what the code does."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from ruamel.yaml import YAML

from bridge.carriers.wires.asterisk import AsteriskWire
from bridge.config_providers import Providers
from protocols import CallDetails, CallStarted, Direction
from protocols.asterisk import PROVIDER, AsteriskControl, AsteriskOptions, AsteriskProtocol
from protocols.asterisk_app import CallerWaits, facts_of
from protocols.audiosocket import AudioSocketOptions
from protocols.http import HttpRequest, basic
from protocols.provider import CallOrder, StreamTarget

REPOSITORY = Path(__file__).parents[1]
FOLDER = REPOSITORY / "deploy" / "asterisk"
PAGE = (REPOSITORY / "docs" / "asterisk.md").read_text(encoding="utf-8")
VARIABLE = re.compile(r"\$\{([A-Za-z_]+)\}")
LABEL = re.compile(r"n(?:\((?P<label>\w+)\))?|1")


def sections(name: str) -> dict[str, dict[str, str]]:
    """A configuration file of Asterisk's: options by section."""
    found: dict[str, dict[str, str]] = {}
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        text = line.partition(";")[0].strip()
        if text.startswith("["):
            found[text.strip("[]")] = {}
        elif text:
            key, _, value = text.partition("=")
            found[list(found)[-1]][key.strip()] = value.strip()
    return found


def dialplan() -> dict[str, dict[str, list[tuple[str, str]]]]:
    """By context and extension: label and application, in order."""
    contexts: dict[str, dict[str, list[tuple[str, str]]]] = {}
    extension = ""
    for line in (FOLDER / "extensions.conf").read_text(encoding="utf-8").splitlines():
        kind, _, rest = line.strip().partition(" => ")
        if line.startswith("["):
            contexts[line.strip("[]")] = {}
        elif kind in ("exten", "same"):
            if kind == "exten":
                extension, _, rest = rest.partition(",")
            priority, _, application = rest.partition(",")
            found = LABEL.fullmatch(priority)
            assert found, line
            contexts[list(contexts)[-1]].setdefault(extension, []).append((found["label"] or "", application))
        else:
            assert not line or line.startswith(";"), line
    return contexts


def talk() -> str:
    """The conversation's dial string, between the application's parentheses."""
    ((_, first), *_) = dialplan()["hatif-talk"]["s"]
    assert first.startswith("Dial(")
    return first.removeprefix("Dial(").removesuffix(")")


def filled(text: str, **variables: str) -> str:
    return VARIABLE.sub(lambda found: variables[found[1]], text)


def query_of(parameters: str, call: str = "17.1") -> dict[str, str]:
    """What Asterisk makes of the dial string's `v(...)`: its commas become ampersands."""
    (written,) = re.findall(r"v\((.*)\),,g", filled(talk(), UNIQUEID=call, HATIF_PARAMETERS=parameters))
    return HttpRequest("GET", f"ws://h/ws/asterisk?{written.replace(',', '&')}").query


def details_of(query: dict[str, str]) -> CallDetails:
    start = '{"event":"MEDIA_START","format":"ulaw","channel_id":"17.2"}'
    (started,) = AsteriskProtocol(query).receive(start)
    assert isinstance(started, CallStarted)
    return started.details


def test_the_client_connects_as_hatif_expects() -> None:
    """Path, subprotocol and credential."""
    client = sections("websocket_client.conf")["hatif"]
    request = HttpRequest(
        "GET", client["uri"], {"authorization": basic(client["username"], client["password"])}
    )

    assert (request.path, urlsplit(client["uri"]).port) == (f"/ws/{PROVIDER.name}", 8080)
    assert client["protocols"] in PROVIDER.capabilities.subprotocols
    assert PROVIDER.admit is not None
    assert PROVIDER.admit(AsteriskOptions(password=client["password"]), request, 0.0)
    assert (client["type"], client["connection_type"]) == ("websocket_client", "per_call_config")
    assert client["tls_enabled"] == ("yes" if client["uri"].startswith("wss") else "no")


def test_the_dial_string_names_the_client_and_a_codec_that_is_spoken() -> None:
    """`Dial(WebSocket/CLIENT/options,,g)`, and without `n`, of which plain text would not tell us."""
    found = re.fullmatch(r"WebSocket/(\w+)/(c\((\w+)\))v\(.*\),,g", talk())
    assert found

    assert found[1] in sections("websocket_client.conf")
    AsteriskWire(codec=found[3])


def test_an_incoming_call_is_known_by_what_the_dialplan_says() -> None:
    """Who calls whom, and the identifier of the caller's channel, which ARI is asked about."""
    numbered = dialplan()["hatif"]["_[+0-9]!"][0][1]
    parameters = numbered.removeprefix("Set(HATIF_PARAMETERS=").removesuffix(")")
    parameters = parameters.replace("${FILTER(0-9+,${CALLERID(num)})}", "+966500000001")

    assert details_of(query_of(filled(parameters, EXTEN="8001"))) == CallDetails(
        provider_call_id="17.1",
        stream_id="17.2",
        caller_number="+966500000001",
        callee_number="8001",
        direction=Direction.INBOUND,
    )


CONTROL = AsteriskControl(
    AsteriskOptions(ari_url="http://h/ari", ari_password="x", dial="PJSIP/{number}@trunk")
)
ORDER = CallOrder(
    to="+966500000001",
    from_="+966110000001",
    stream=StreamTarget("wss://h/ws/asterisk", parameters={"visit": "a, b)"}),
    detect_machine=True,
    order_id="order-7",
)


def test_a_placed_call_begins_where_the_dialplan_has_it() -> None:
    """Context, extension and variables; facts arrive as they were ordered."""
    placed = json.loads(CONTROL.place(ORDER).body)
    lines = dialplan()[placed["context"]][placed["extension"]]

    assert placed["priority"] == 1
    assert all(name in str(lines) for name in placed["variables"])
    written = lines[1][1].removeprefix("Set(HATIF_PARAMETERS=").removesuffix(")")
    parameters = filled(written, AMDSTATUS="HUMAN", **placed["variables"])
    assert details_of(query_of(parameters, call=placed["channelId"])) == CallDetails(
        provider_call_id="order-7",
        stream_id="17.2",
        caller_number="+966110000001",
        callee_number="+966500000001",
        direction=Direction.OUTBOUND,
        custom={"visit": "a, b)", "answered_by": "HUMAN"},
    )


def test_a_transfer_is_looked_for_where_hatif_leaves_it() -> None:
    """The global variable has the caller's channel in its name."""
    (read,) = [text for _, text in dialplan()["hatif-talk"]["s"] if text.startswith("Set(HATIF_TO=")]
    (name,) = re.findall(r"GLOBAL\((.*?\})\)", read)
    request = CONTROL.transfer(CallDetails("17.1"), "100")

    assert request.query["variable"] == filled(name, UNIQUEID="17.1")


def test_every_jump_of_the_dialplan_leads_somewhere() -> None:
    """Contexts, extensions and labels."""
    contexts = dialplan()
    for extensions in contexts.values():
        for lines in extensions.values():
            labels = {label for label, _ in lines}
            for _, text in lines:
                if jump := re.fullmatch(r"Goto\(([\w-]+),(\w+),1\)", text):
                    assert jump[2] in contexts[jump[1]]
                if branch := re.fullmatch(r"GotoIf\(\$\[.*\]\?(\w+)\)", text):
                    assert branch[1] in labels
                assert text.count("(") == text.count(")")
                assert text.count("{") == text.count("}")


def test_where_hatif_connects_to_asterisk_the_same_is_said_of_a_call() -> None:
    """The application's arguments are the dial string's parameters, and what follows is the same too."""
    (_, stasis), (_, after), _ = dialplan()["hatif-app"]["s"]
    words = stasis.removeprefix("Stasis(").removesuffix(")")
    placed = json.loads(CONTROL.place(ORDER).body)["variables"]["HATIF_PARAMETERS"]
    app, *args = filled(words, UNIQUEID="17.1", HATIF_PARAMETERS=placed).split(",")
    facts, _ = facts_of(CallerWaits("17.1", is_up=True, args=tuple(args)))

    assert app == "hatif"
    assert details_of(facts) == details_of(query_of(placed))
    context, extension, label = after.rpartition("?")[2].removesuffix(")").split(",")
    assert label in {each for each, _ in dialplan()[context][extension]}


def test_the_user_of_ari_is_the_one_that_hatif_shows() -> None:
    """Not read-only, and from this machine only."""
    user = sections("ari.conf")[AsteriskOptions().ari_username or ""]

    assert (user["type"], user["read_only"], user["password_format"]) == ("user", "no", "plain")
    assert user["permit"].startswith("127.0.0.1/")


def test_the_pages_configuration_is_one_and_agrees_with_the_files() -> None:
    """Its options exist; its passwords are those of the files."""
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    providers = YAML(typ="safe").load(block)["providers"]
    Providers(**providers)
    options = AsteriskOptions(**providers["asterisk"])

    assert options.password == sections("websocket_client.conf")["hatif"]["password"]
    assert options.ari_password == sections("ari.conf")["hatif"]["password"]
    assert AsteriskControl(options).place(ORDER).url == "http://127.0.0.1:8088/ari/channels"


@pytest.mark.parametrize("options", [AsteriskOptions, AudioSocketOptions])
def test_the_page_names_options_that_exist(options: type[msgspec.Struct]) -> None:
    """Whatever is written like an option is one, of either provider."""
    names = {
        field.name for kind in (AsteriskOptions, AudioSocketOptions) for field in msgspec.structs.fields(kind)
    }
    named = set(re.findall(r"`(?:providers\.\w+\.)?([a-z_]+): ", PAGE))

    assert named <= names
    assert named & {field.name for field in msgspec.structs.fields(options)}


def test_every_file_and_context_of_the_page_is_there() -> None:
    """And the port of AudioSocket is the dialplan's."""
    for name in ("websocket_client.conf", "extensions.conf", "ari.conf"):
        assert f"`{name}`" in PAGE
        assert (FOLDER / name).is_file()
    contexts = dialplan()
    assert all(context in contexts for context in re.findall(r"(?:Goto\(|`)(hatif[\w-]*),", PAGE))
    (listening,) = re.findall(r"audiosocket\.listen: ([\d.:]+)`", PAGE)
    assert any(f",{listening})" in text for _, text in contexts["hatif-audiosocket"]["s"])
