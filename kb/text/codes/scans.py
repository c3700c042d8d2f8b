"""Codes as a scan of a picture has them, or as people type them: with letters that look like digits."""

import re
from collections.abc import Iterator

_ALL = re.compile(r"(?=.*[0-9].*[0-9])(?=[0-9]*[OoIlSB])[0-9OoIlSB]{5,12}\Z")
_AS_DIGITS = str.maketrans("OoIlSB", "001158")
_HEXADECIMAL = re.compile(r"[0OoQ][xX](?=[0-9A-Fa-f]*[OoIlS]|[0-9A-Fa-f]{8}\Z)[0-9A-Fa-fOoIlS]{6,8}\Z")
_AS_HEXADECIMAL = str.maketrans("OoIlS", "00115")
_TOUCHING = re.compile(r"(?<=[0-9])[OoIl]{1,4}|[OoIl]{1,4}(?=[0-9])")
_AS_NUMBERS = str.maketrans("OoIl", "0011")
_PREFIX = re.compile(r"\A(?=[0158]{0,4}[A-Z])(?=[A-Z]{0,4}[0158])[A-Z0158]{2,5}(?=-[0-9OoIl]{3})")
_AS_LETTERS = str.maketrans("0158", "OISB")
_LONGEST = 24


def scanned(text: str) -> Iterator[str]:
    """Yield the codes that a text is if some of its letters are digits: `66O6OOO12`, `42PO1`, `Ox8007OOO5`."""
    if len(text) > _LONGEST or not (any(letter in text for letter in "OoIlSB") or _PREFIX.match(text)):
        return
    if _ALL.match(text):
        yield text.translate(_AS_DIGITS)
    elif _HEXADECIMAL.match(text):
        yield "0x" + text[2:].translate(_AS_HEXADECIMAL)
    else:
        plain = _TOUCHING.sub(lambda letters: letters[0].translate(_AS_NUMBERS), text)
        with_prefix = _PREFIX.sub(lambda prefix: prefix[0].translate(_AS_LETTERS), plain)
        if any("0" <= sign <= "9" for sign in text):
            yield from (one for one in dict.fromkeys((plain, with_prefix)) if one != text)
