"""Whether a model works."""

from pathlib import Path

import pytest

from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import ModelError
from bridge.models.verification import verify
from bridge.speech.vosk.model import check_model


async def test_the_embedded_model_works(model: Path, questionnaires: dict[str, Questionnaire]) -> None:
    """It is what its files say, loads, and hears nothing in silence."""
    verified = await verify(model, questionnaires.values())
    summary = check_model(model)

    assert verified.identity == summary.identity
    assert verified.words == len(summary.words)
    assert verified.heard_in_silence == ""
    assert verified.engine.startswith("vosk ")
    assert verified.load_seconds > 0
    assert verified.memory_bytes > 0


async def test_what_no_caller_can_be_heard_saying_is_told(
    model: Path, questionnaires: dict[str, Questionnaire]
) -> None:
    """Questionnaire by questionnaire."""
    source = questionnaires["post_discharge"]
    stop = source.words.stop | {next(iter(source.words.stop)): ("زرافة", "توقف")}
    strange = source.model_copy(update={"words": source.words.model_copy(update={"stop": stop})})
    before, after = [(await verify(model, [one])).missing for one in (source, strange)]

    said = {phrase for one in after for phrase in one.phrases} - {p for one in before for p in one.phrases}
    assert said == {"زرافة"}
    assert after[0].questionnaire == "post_discharge"


async def test_a_model_that_knows_no_yes_listens_for_words_of_its_own(model: Path) -> None:
    """Without a questionnaire there is no question, and still a grammar."""
    assert (await verify(model, [])).missing == []


async def test_half_a_model_is_a_sentence(copy: Path) -> None:
    """Before anything is loaded."""
    (copy / "graph" / "Gr.fst").unlink()
    with pytest.raises(ModelError, match=r"graph/Gr\.fst is missing"):
        await verify(copy, [])


async def test_a_model_that_vosk_refuses_is_a_sentence(copy: Path) -> None:
    """Its files look well; the reason is Vosk's own."""
    network = copy / "am" / "final.mdl"
    content = bytearray(network.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200_000] = bytes(200_000)
    network.write_bytes(content)
    with pytest.raises(ModelError) as failure:
        await verify(copy, [])

    assert str(failure.value).startswith(f"{copy} cannot be used as a recognition model: Vosk ")
    assert "\n" not in str(failure.value)
