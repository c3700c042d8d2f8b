"""How likely a text is in a language, by its letters and pairs of letters: evidence for the encoding of a file.

Only what is not ASCII counts, and its neighbours, because every encoding reads the rest in the same way. Likelihoods
are logarithms: a reading that is better by 3 is twenty times as likely.
"""

import math
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_name("languages.toml")
_EDGE = " "
_BASIC = "abcdefghijklmnopqrstuvwxyz"
_SIGNS = frozenset("‘’“”„‚–—…«»°©®™€·•±µ×§£‹›¿¡´\xa0²³¼½¾÷º")
_EASTERN_SIGNS = frozenset("、。，：；！？（）「」『』・ー《》“”〜～")
_WITHIN_WORDS = frozenset("’·´•\xa0")
_FIRST_EASTERN = "\u2e80"

ASCII = -2.5
"""Likelihood of an ASCII character beside another one, in every language."""

_ASCII_BESIDE, _ASCII_LETTER_BESIDE, _OTHER_SCRIPT_BESIDE = -2.5, -3.5, -9.0
_SIGN_IN_WORD, _APOSTROPHE_FIRST, _LONE_LETTER, _AFTER_ASCII, _EASTERN_AFTER_ASCII = -7.0, -2.5, -3.0, -5.0, -2.0
_CAPITAL, _CAPITAL_IN_WORD = -0.5, -3.5
_TILT, _TILT_LETTERS, _MAX_TILT = 0.3, 300, 15.0


class Letters(NamedTuple):
    """The letters of one language: how often each stands in a text, and each after another letter."""

    single: Mapping[str, float]
    after: Mapping[str, float]
    eastern: bool

    @classmethod
    def of(cls, single: Mapping[str, float], pairs: Mapping[str, float]) -> "Letters":
        """Return the letters of numbers of letters and pairs."""
        total = sum(single.values()) or 1.0
        eastern = sum(n for letter, n in single.items() if letter >= _FIRST_EASTERN) > total / 3
        after = {} if eastern else {pair: n / single[pair[0]] for pair, n in pairs.items() if single.get(pair[0])}
        return cls({letter: n / total for letter, n in single.items()}, after, eastern)

    @classmethod
    def of_text(cls, text: str) -> "Letters":
        """Return the letters of a text."""
        plain = _EDGE + "".join(map(_plain, text)) + _EDGE
        pairs = Counter(first + second for first, second in pairwise(plain))
        return cls.of(Counter(plain), {pair: n for pair, n in pairs.items() if not pair.isascii()})

    def likelihood(self, text: str) -> float:
        """Return the likelihood of a text in this language."""
        total, before, lone = 0.0, _EDGE, False
        for at, character in enumerate(text):
            if character.isascii() and before.isascii() and not lone:
                total += ASCII
                before = character.lower() if character.isalpha() else _EDGE
                continue
            letter = _plain(character)
            if character.isascii():
                total += self._ascii(before, letter) + (_LONE_LETTER if lone else 0.0)
                lone = False
            else:
                total += self._other(before, letter)
                sign = letter in _SIGNS
                if sign and letter not in _WITHIN_WORDS and before.isalpha() and before < _FIRST_EASTERN:
                    total += _SIGN_IN_WORD if text[at + 1 : at + 2].isalpha() else 0.0
                if letter == "’" and before == _EDGE and text[at + 1 : at + 2].isalpha():
                    total += _APOSTROPHE_FIRST
                if letter != character:
                    total += _CAPITAL_IN_WORD if text[at - 1 : at].islower() else _CAPITAL
                if sign and lone:
                    total += _LONE_LETTER
                # A letter of another script stands alone: lone once, and no longer after the next letter.
                lone = not sign and _is_other_script(letter) and not _is_other_script(before)
            before = letter
        return total

    def _ascii(self, before: str, letter: str) -> float:
        if self.eastern or (before in _SIGNS and before not in self.single):
            return _ASCII_BESIDE if letter == _EDGE else _ASCII_LETTER_BESIDE
        if letter != _EDGE and _is_other_script(before):
            return _OTHER_SCRIPT_BESIDE
        return math.log(0.75 * self.after.get(before + letter, 0.0) + 0.24 * self.single.get(letter, 0.0) + 1e-4)

    def _other(self, before: str, letter: str) -> float:
        share, after_ascii = self.single.get(letter, 0.0), before.isascii() and before != _EDGE
        if self.eastern:
            likelihood = max(math.log(0.9 * share) if share else -99.0, _rarity(letter))
            return likelihood + (_EASTERN_AFTER_ASCII if after_ascii and letter not in _SIGNS else 0.0)
        likelihood = math.log(0.75 * self.after.get(before + letter, 0.0) + 0.2 * share + math.exp(_rarity(letter)))
        return likelihood + (_AFTER_ASCII if after_ascii and _is_other_script(letter) else 0.0)

    def tilt(self, counts: Mapping[str, int], other: "Letters") -> float:
        """Return how much better the ASCII letters of a text fit this language than the other one."""
        total = sum(counts.values()) or 1
        sums = [sum(letters.single.get(letter, 0.0) for letter in _BASIC) or 1.0 for letters in (self, other)]
        shares = (
            (n, self.single.get(letter, 0.0) / sums[0], other.single.get(letter, 0.0) / sums[1])
            for letter, n in counts.items()
        )
        tilt = sum(n * math.log((mine + 1e-4) / (theirs + 1e-4)) for n, mine, theirs in shares)
        return max(-_MAX_TILT, min(_MAX_TILT, _TILT * min(1.0, _TILT_LETTERS / total) * tilt))


def is_latin(letters: Letters) -> bool:
    """Whether a language is written in Latin letters."""
    return letters.single.get("e", 0.0) > 0.02


def basic_letters(text: bytes) -> dict[str, int]:
    """Return how often each ASCII letter stands in a text."""
    counts = Counter(text.lower())
    return {letter: counts[ord(letter)] for letter in _BASIC if counts[ord(letter)]}


@cache
def languages() -> dict[str, Letters]:
    """Return the letters of each language of languages.toml."""
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))["languages"]
    return {
        name: Letters.of(_numbers(texts["letters"]), _numbers(texts.get("pairs", ""))) for name, texts in tables.items()
    }


def _numbers(text: str) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for entry in text.split():
        letters = entry.rstrip("0123456789")
        numbers[letters.replace("_", _EDGE).replace("~", "\xa0")] = float(entry[len(letters) :])
    return numbers


def _plain(character: str) -> str:
    """Return a letter in lower case, a sign that is not ASCII as it is, and a space for the rest."""
    if character.isalpha() or unicodedata.combining(character):
        lower = character.lower()
        return lower if len(lower) == 1 else character
    return _EDGE if character.isascii() else character


@cache
def _is_other_script(character: str) -> bool:
    """Whether a letter is of an alphabet other than the Latin one."""
    is_letter = character.isalpha() or unicodedata.combining(character) > 0
    return is_letter and not unicodedata.name(character, "").startswith("LATIN")


@cache
def _rarity(character: str) -> float:
    """Return the likelihood of a character that a language does not list."""
    if character in _EASTERN_SIGNS:
        return -4.5
    if character in _SIGNS:
        return -6.5
    if "\u4e00" <= character <= "\u9fff":
        return _rarity_in(
            character, (("gb2312", b"\xd7\xff", -11.5, -13.0), ("big5", b"\xc6\x7f", -12.0, -13.5)), -15.0
        )
    if "\uac00" <= character <= "\ud7a3":
        return _rarity_in(character, (("euc_kr", b"\xff", -11.0, -11.0),), -14.0)
    if "\u3040" <= character <= "\u30ff":
        return -9.0
    # Control characters, marks of bytes that the encoding lacks, and private characters.
    if character < "\xa0" or unicodedata.category(character)[0] == "C":
        return -16.0
    return -13.0 if unicodedata.combining(character) else -12.0


def _rarity_in(character: str, sets: tuple[tuple[str, bytes, float, float], ...], otherwise: float) -> float:
    """Return the likelihood by the first set of characters that has it: one for its common part, one for the rest."""
    for encoding, last_common, common, rest in sets:
        code = character.encode(encoding, "ignore")
        if code:
            return common if code <= last_common else rest
    return otherwise
