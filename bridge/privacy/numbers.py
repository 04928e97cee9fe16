"""A telephone number in any spelling: with or without +, 00 or its country, spaces, Arabic figures, SIP."""

import re
import unicodedata

import phonenumbers
from msgspec import Struct
from phonenumbers import PhoneNumberFormat

from bridge.errors import BridgeError

__all__ = ["NumberError", "Subject"]

_ADDRESS = re.compile(r"^(?:sips?|tel):([^@;]*)", re.IGNORECASE)
_ARABIC_FIGURES = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_PERSIAN_FIGURES = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


class NumberError(BridgeError):
    """A telephone number cannot be read."""

    code = "number"


class Subject(Struct, frozen=True):
    """Whose calls are meant, by a number."""

    country: int
    national: int
    region: str

    @classmethod
    def parse(cls, text: str) -> "Subject":
        """Read a number with its country.

        Raises:
            NumberError: it is none. The text does not repeat it.

        """
        plain = _plain(text)
        try:
            number = phonenumbers.parse(plain if plain.startswith("+") else f"+{plain}", None)
        except phonenumbers.NumberParseException:
            number = None
        country, national = (number.country_code, number.national_number) if number else (None, None)
        if (
            number is None
            or country is None
            or national is None
            or not phonenumbers.is_possible_number(number)
        ):
            raise NumberError("--number: a number is written with its country, as +962790123456")
        region = phonenumbers.region_code_for_number(number)
        return cls(country, national, region or phonenumbers.region_code_for_country_code(country))

    def is_same(self, text: str | None) -> bool:
        """Whether a number as some provider wrote it is this one."""
        plain = _plain(text or "")
        return any(self._is(spelling) for spelling in (plain, f"+{plain}") if plain)

    def _is(self, spelling: str) -> bool:
        try:
            number = phonenumbers.parse(spelling, self.region)
        except phonenumbers.NumberParseException:
            return False
        return (number.country_code, number.national_number) == (self.country, self.national)

    @property
    def spellings(self) -> list[str]:
        """The number as anybody may have written it; the first is contained in most of the others."""
        number = phonenumbers.PhoneNumber(country_code=self.country, national_number=self.national)
        digits = f"{self.country}{self.national}"
        formats = (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL, PhoneNumberFormat.RFC3966)
        formatted = [phonenumbers.format_number(number, each) for each in formats]
        apart = [text.replace(" ", "-") for text in formatted] + [
            text.replace("-", " ") for text in formatted
        ]
        plain = [str(self.national), f"0{self.national}", digits, f"+{digits}", f"00{digits}"]
        western = [*plain, *formatted, *apart]
        foreign = [
            text.translate(figures) for text in western for figures in (_ARABIC_FIGURES, _PERSIAN_FIGURES)
        ]
        return list(dict.fromkeys([*western, *foreign]))


def _plain(text: str) -> str:
    """Western digits, with a + before them where the country is meant."""
    address = _ADDRESS.match(text.strip())
    inner = address[1] if address else text
    figures = "".join(str(unicodedata.digit(sign, "")) for sign in inner)
    if inner.strip().lstrip("\u200e\u200f\u202a-\u202e").startswith(("+", "＋")):
        return f"+{figures}"
    return f"+{figures[2:]}" if figures.startswith("00") else figures
