"""SSML 1.1, the part of it that a telephone call needs, read into a script: text in, script or error out.

What is read and what becomes of it is in docs/ssml.md. The standard is
https://www.w3.org/TR/speech-synthesis11/.
"""

from bridge.speech.ssml.faults import SsmlError
from bridge.speech.ssml.parsing import SayAs, is_ssml, parse, script_of

__all__ = ["SayAs", "SsmlError", "is_ssml", "parse", "script_of"]
