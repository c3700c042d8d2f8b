"""The message in a vendor's description: its literal words, and the holes that a log fills.

`anchor` is cheap, because every write of a code computes it: the hash of a few consecutive words of the message. A log
with the message has these words, so the anchors of a text lead to the templates that it may have.
"""

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from kb.text.word_lists import WordFile, lower_case, one_of

MAX_MESSAGE = 600
"""Most characters of a description that are read."""

MAX_PARTS = 60
"""Most runs of words and holes of a template. A description with more has none."""

CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Scripts without spaces: each of their letters is a word."""

_FILE = WordFile(Path(__file__).parent / "words" / "messages.toml")
_STOP, _GENERIC = frozenset(_FILE.words("stop")), frozenset(_FILE.words("generic"))
_LIGHT = one_of(sorted(word for word in _GENERIC | _STOP if len(word) >= 7))
_COMMON, _WEIGHT_CJK, _MOST_QUOTED = 0.5, 0.4, 2

ENOUGH, SURE = 1.5, 2.5
"""The least weight of a template that a text may name, and of one that it likely names."""

_CONVERSION = (
    r"%(?:\([A-Za-z_][A-Za-z0-9_]{0,30}+\))?+[-+#0]{0,3}+(?:[0-9]{1,3}+|\*)?+(?:\.(?:[0-9]{1,3}+|\*)?+)?+"
    r"(?:hh?|ll?|I64|[zjtLqw])?+[diouxXeEfgGcsSpaAmZ](?![A-Za-z0-9])"
)
_HOLE = re.compile(
    rf"(?:0[xX])?(?:{_CONVERSION}"
    r"|%[0-9]{1,2}+(?:![^!\s]{1,10}+!)?+(?![0-9A-Za-z])"
    r"|[$#]?\{\{?[ ]?(?P<brace>[A-Za-z0-9_.:-]{0,40}+)[ ]?\}\}?"
    r"|<(?P<angle>[A-Za-z][A-Za-z0-9_ -]{0,40}+)>"
    r"|\[(?P<square>chars?|dec|hex|int|num(?:ber)?|str(?:ing)?|ip(?:_address|v4|v6)?|IP_address|name|enet|time|address|id)\]"
    r"|(?<![^\s\"'(=,])[:$](?P<colon>[A-Za-z_][A-Za-z0-9_]{0,40}+|[0-9]{1,2}+)(?![A-Za-z0-9_:])"
    r"|(?<![^\W_])[xX]{3,12}+(?![^\W_])"
    r"|\.\.\.|…)"
)
_TAG = r"</?(?:a|b|br|code|div|em|i|li|p|pre|span|strong|tt)(?:[ ][^<>]{0,100}+)?/?>"
_PIECE = re.compile(rf"(?P<tag>{_TAG})|(?P<hole>{_HOLE.pattern})|(?P<word>[{CJK}]|[^\W_{CJK}]+)")
_TITLE = re.compile(r"\{[^{}\n]{1,80}+\}\s++(?=\S)")
_QUOTED = re.compile(r"(?<![^\s(:])[\"“„«](?=\S)(?P<words>[^\"“”„«»\n]{20,400}+)(?<=\S)[\"”“»]")
_SENTENCE_END = re.compile(r"[.!?](?=\s|\Z)|[。！？]")
_QUOTES = frozenset("\"'`“”„‘’‚«»‹›")

# The words of an anchor: three of letters alone, of which one is long and rare, if there are such.
_TO_LOWER = bytes(
    ord(" ") if c in b" ,;:'\"()/?-" else c | 32 if 65 <= c <= 90 else c if c in b"\n." or 97 <= c <= 122 else ord("0")
    for c in range(256)
)
_ANY, _RARE = "[a-z]{1,24}+", rf"(?!{_LIGHT}(?![a-z]))[a-z]{{7,24}}+"
_THREE = re.compile(
    f"(?<![a-z0])(?:{_RARE} ++{_ANY} ++{_ANY}|{_ANY} ++(?:{_RARE} ++{_ANY}|{_ANY} ++{_RARE}))(?![a-z0])".encode()
)
_ANY_THREE = re.compile(f"(?<![a-z0])(?=[a-z ]{{12}}){_ANY} ++{_ANY} ++{_ANY}(?![a-z0])".encode())
_FOUR_CJK = re.compile(rf"[{CJK}]{{4}}")
_LETTERS = rf"[^\W\d_{CJK}]{{1,24}}+"
_THREE_LETTERS = re.compile(
    rf"(?<![^\W_])(?={_LETTERS}[ ,;:'’\"()-]{{1,3}}+{_LETTERS}[ ,;:'’\"()-]{{1,3}}+{_LETTERS}(?![^\W_])){_LETTERS}"
)
_LETTER_WORD = re.compile(_LETTERS)
_LETTER_CJK = re.compile(rf"[{CJK}]")


class Hole(NamedTuple):
    """A place of a template that a log fills: its name, or several that only signs separate."""

    names: tuple[str, ...]
    separators: tuple[str, ...]
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A vendor's message: runs of words in lower case, with holes between."""

    parts: tuple[tuple[str, ...] | Hole, ...]
    anchor: tuple[int, int]
    """The run, as a place in `parts`, and the word in it at which the anchor begins."""
    weight: float
    """How much its words tell: a word of its own counts one, a common one less."""


def anchor(description: str) -> int:
    """Return the hash of the anchor of a description's message; 0 if it has none."""
    if description.isascii() and '"' not in description and "\n" not in description and "{" not in description:
        # Most descriptions are like this: nothing of the message has to be cut out.
        plain = _plain_words(description[:MAX_MESSAGE])
        return (zlib.crc32(plain) >> 1 or 1) if plain else 0
    words = anchor_words(description)
    return hash_of(words) if words else 0


def anchor_words(description: str) -> str:
    """Return the words of the anchor, separated by spaces; of a script without spaces, four letters; "" for none."""
    return _anchor_words(_message(description))


def hash_of(words: str) -> int:
    """Return the hash of an anchor's words, which single spaces separate: 31 bits, never 0."""
    return zlib.crc32(words.encode(errors="replace")) >> 1 or 1


def template(description: str, words: str = "") -> Template | None:
    """Return the template of a description; None if it has no anchor or too many parts.

    `words` are those of the anchor that led to it: one that was stored may be older than the lists of words.
    """
    message = _message(description)
    words = words or _anchor_words(message)
    return _template(message, words_of(words)) if words else None


def _message(description: str) -> str:
    """Return the part of a description that a log has: its quoted message, or its first line."""
    text = description[:MAX_MESSAGE].lstrip()
    if text[:1] == "{":
        text = _TITLE.sub("", text, count=1)
    if "\n" in text:
        text = text.partition("\n")[0]
    if '"' in text or "“" in text or "„" in text or "«" in text:
        quoted = _QUOTED.search(text)
        return quoted["words"] if quoted and quoted["words"].count(" ") >= 4 else text
    return text


def _anchor_words(message: str) -> str:
    return _plain_words(message).decode() if message.isascii() else _anchor_of_letters(message)


def _plain_words(message: str) -> bytes:
    """Return the words of the anchor of a message in ASCII."""
    if " :" in message or "XX" in message or "%(" in message:
        return _anchor_of_letters(message).encode()
    text = message.encode().translate(_TO_LOWER)
    words = _THREE.search(text) or _ANY_THREE.search(text)
    if not words:
        return b""
    return b" ".join(words[0].split()) if b"  " in words[0] else words[0]


def _anchor_of_letters(message: str) -> str:
    text = _HOLE.sub("\x00", message)
    if letters := _FOUR_CJK.search(text):
        return letters[0]
    ways = (_LETTER_WORD.findall(text, match.start())[:3] for match in _THREE_LETTERS.finditer(text))
    return lower_case(" ".join(max(ways, key=lambda words: len("".join(words)), default=())))


def words_of(anchor_words: str) -> tuple[str, ...]:
    """Return an anchor's words one by one."""
    return tuple(anchor_words.split(" ")) if " " in anchor_words else tuple(anchor_words)


@lru_cache(maxsize=2_000)
def _template(message: str, words: tuple[str, ...]) -> Template | None:
    """Return the shortest template of whole sentences that has the anchor and tells enough, or that of all of them."""
    shortest = None
    for end in [*(match.end() for match in _SENTENCE_END.finditer(message)), len(message)]:
        parts = tuple(_parts(message[:end]))
        places = ((n, _place(part, words)) for n, part in enumerate(parts) if not isinstance(part, Hole))
        at = next((place for place in places if place[1] >= 0), None)
        if at and len(parts) <= MAX_PARTS:
            shortest = Template(parts, at, _weight(parts))
            if shortest.weight >= ENOUGH:
                break
    return shortest


def _parts(message: str) -> Iterator[tuple[str, ...] | Hole]:
    """Yield runs of words and holes in turn. Holes between which there is no word are one."""
    run: list[str] = []
    holes: list[re.Match[str]] = []
    word_before = "value"
    for piece in _PIECE.finditer(message):
        if piece["hole"]:
            if run:
                yield tuple(run)
                run = []
            holes.append(piece)
        elif word := lower_case(piece["word"] or ""):
            if holes:
                yield _hole(message, holes, word_before)
                holes = []
            run.append(word)
            word_before = word if weight_of(word) or word_before == "value" else word_before
    if run:
        yield tuple(run)
    if holes:
        yield _hole(message, holes, word_before)


def _hole(message: str, pieces: list[re.Match[str]], word_before: str) -> Hole:
    start, end = pieces[0].start(), pieces[-1].end()
    names = [next((name for key in ("brace", "angle", "colon") if (name := piece[key])), "") for piece in pieces]
    separators = [message[one.end() : two.start()] for one, two in pairwise(pieces)]
    is_quoted = message[max(0, start - 1) : start] in _QUOTES and message[end : end + 1] in _QUOTES
    return Hole(
        tuple(word_before if not name or name.isdigit() else name for name in names), tuple(separators), is_quoted
    )


def weight_of(word: str) -> float:
    """Return how much a word tells."""
    if word in _STOP or word.isdigit():
        return 0.0
    if _LETTER_CJK.match(word):
        return _WEIGHT_CJK
    return _COMMON if word in _GENERIC or len(word) < 3 else 1.0


def _weight(parts: Iterable[tuple[str, ...] | Hole]) -> float:
    """Return how much a template tells. Common words alone are the message of many vendors."""
    parts = list(parts)
    words = {word for part in parts if not isinstance(part, Hole) for word in part}
    weights = [weight_of(word) for word in words]
    quoted = sum(isinstance(part, Hole) and part.is_quoted for part in parts)
    is_own = quoted or any(weight not in (0, _COMMON) for weight in weights)
    return sum(weights) * (1 if is_own else 0.5) + min(quoted, _MOST_QUOTED)


def _place(run: tuple[str, ...], words: tuple[str, ...]) -> int:
    """Return where a run has some words, or -1."""
    size = len(words)
    return next((n for n in range(len(run) - size + 1) if run[n : n + size] == words), -1)
