"""Any text, chosen by coverage, read as SSML.

    python tests/fuzz/ssml.py [libFuzzer's options, such as -max_total_time=60] [CORPUS]

Each input is either the text itself or a row of pieces of SSML, right and wrong ones. Reading may give a
script or an `SsmlError`; any other exception, an empty passage or a pause without end is a fault.
"""

import sys

import atheris

with atheris.instrument_imports(include=["bridge.speech"]):
    from bridge.speech.script import Clip, Passage, Pause, Script, says_something
    from bridge.speech.ssml import SsmlError, parse

MOST_PIECES = 24
LONGEST_SECONDS = 60
PIECES = (
    *("<speak>", "</speak>", "<speak xmlns='http://www.w3.org/2001/10/synthesis' xml:lang='ar'>"),
    *("<p>", "</p>", "<s>", "</s>", "<break/>", "<break time='2s'/>", "<break strength='weak'/>"),
    *("<prosody rate='slow' pitch='+2st' volume='-3dB'>", "</prosody>", "<emphasis>", "</emphasis>"),
    *("<say-as interpret-as='date' format='dmy'>", "</say-as>", "<sub alias='نعم'>", "</sub>"),
    *("<phoneme ph='naʕam'>", "</phoneme>", "<lang xml:lang='en'>", "</lang>", "<voice name='xtts/a'>"),
    *("</voice>", "<mark name='m'/>", "<audio src='cache:a'>", "</audio>", "<desc>", "</desc>", "<meta/>"),
    *(
        "نعم",
        " ",
        ".",
        "12",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&amp;",
        "&x;",
        "<!DOCTYPE s [",
        "]>",
        "<?x ?>",
    ),
)


def survive(data: bytes) -> None:
    """What libFuzzer calls."""
    chooser = atheris.FuzzedDataProvider(data)
    if chooser.ConsumeBool():
        text = chooser.ConsumeUnicode(512)
    else:
        text = "<speak>" + "".join(_piece(chooser) for _ in range(chooser.ConsumeIntInRange(1, MOST_PIECES)))
        text += "</speak>" * chooser.ConsumeIntInRange(0, 1)
    try:
        script = parse(text, say_as=lambda text, *_: text)
    except SsmlError:
        return
    _examine(script)


def _piece(chooser: "atheris.FuzzedDataProvider") -> str:
    choice = chooser.ConsumeIntInRange(0, len(PIECES))
    return PIECES[choice] if choice < len(PIECES) else str(chooser.ConsumeUnicode(16))


def _examine(script: Script) -> None:
    for part in script:
        match part:
            case Passage(text=text) if not says_something(text) or text != text.strip(" "):
                raise ValueError("a passage is empty or has edges of space")
            case Pause(seconds=seconds) if not 0 < seconds <= LONGEST_SECONDS:
                raise ValueError(f"a pause of {seconds} s")
            case Clip(fallback=fallback):
                _examine(fallback)


if __name__ == "__main__":
    atheris.Setup(sys.argv, survive)
    atheris.Fuzz()
