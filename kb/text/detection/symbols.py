"""Symbols in a text that may be codes: `STATUS_ACCESS_VIOLATION`, `ECONNRESET`, `errors.UniqueViolation: ...`."""

import re
from collections.abc import Iterator
from pathlib import Path

from kb.text.detection.kinds import STRENGTH, Candidate, CandidateKind
from kb.text.detection.signs import has_trouble, says_code
from kb.text.word_lists import WordFile, one_of

_FILE = WordFile(Path(__file__).parent / "words" / "symbols.toml")
_NOUNS, _VERBS = _FILE.words("phrase_nouns"), _FILE.words("phrase_verbs")

MAX_VALUES = 1_000
"""Most different symbols of a text."""

# The first character comes before what must not stand before it: so the matcher can skip all other characters.
_WORD = re.compile(
    r"[A-Za-z](?<![0-9A-Za-z_$\\/][A-Za-z])(?:(?<=[A-Z])(?:[A-Z0-9]*+(?:[_-][A-Z0-9]++)*_[A-Z0-9]++(?:-[A-Z0-9]++)*+"
    r"|(?:(?<=E)(?=[A-Z])|(?<=W)(?=SA))[A-Z]{4,}[0-9A-Z]*+|[a-z0-9]++(?:[A-Z][a-z0-9]++)++[A-Z]?+(?=[\"')\]]|:\s|:?$))"
    r"|(?<=[a-z])[a-z]*+(?:_[a-z0-9]++)++(?=[\"')\]]|:\s|:?$|\s(?:raised|error|exception|violation|occurred)\b))(?![0-9A-Za-z_$(=.\\]|[\"']\s?[:=])",
    re.MULTILINE,
)

_LOOSE = re.compile(
    r"[A-Za-z](?<![0-9A-Za-z_$\\/.-][A-Za-z])(?:[a-z0-9]++(?:_[a-z0-9]++)++|(?<=[A-Z])[a-z0-9]++(?:[A-Z][a-z0-9]++)++)"
    r"(?=[ ,;.]|\s|\Z)(?![.]\w|\s?[=:])"
)
"""The same in the middle of a sentence, where it has to be about a failure."""

_PHRASE_STARTS = re.compile(
    rf"(?:(?:\A|\n)[ \t>*-]{{0,6}}|[:(\[\"'`—–-][ ]?|\b{one_of([*_NOUNS, *_VERBS])}[ ])(?=[A-Za-z]{{2}})"
)
_PHRASE = re.compile(r"[A-Za-z]{2,20}(?:[ ][A-Za-z]{2,20}){1,5}")
_PHRASE_END = re.compile(rf"[\"'`:;,.!?()\[\]\n\r]|\Z|[ ](?:[\"'`(\[\\/{{<—–-]|{one_of(_FILE.words('phrase_ends'))}\b)")
_NEVER = 99
_COMMON = frozenset(_FILE.words("common_phrases"))
_NAME = re.compile(rf"\b{one_of(_FILE.words('query_words'))}[ \"`]\Z")
_GAP, _HUMP = re.compile(" "), re.compile("[A-Z][a-z0-9]*")
MAX_PHRASES = 400
"""Most phrases of a text that are looked up as symbols."""

_WORDS = frozenset(
    "ERROR ERRORS EXCEPTION EMERG EMERGENCY EVENT EVENTS ENTER EMAIL ENABLED ENABLE EXPECTED EXECUTE".split()
)
"""Words in capitals that begin like the symbols of operating systems."""


def symbols(text: str, stop: int) -> Iterator[Candidate]:
    """Yield the words in the form of symbols in `text[:stop]`."""
    values: set[str] = set()
    for pattern, is_sure in ((_WORD, True), (_LOOSE, False)):
        for match in pattern.finditer(text, 0, stop):
            value = match[0]
            if value in _WORDS or len(value) > 64 or (value not in values and len(values) >= MAX_VALUES):
                continue
            if is_sure or _may_be_in_a_sentence(text, *match.span()):
                values.add(value)
                yield Candidate(*match.span(), value, "", CandidateKind.SYMBOL, STRENGTH[CandidateKind.SYMBOL])


def phrases(text: str, stop: int) -> Iterator[Candidate]:
    """Yield the words on a line about a failure that may be a symbol, such as `undefined table "rooms"`."""
    values: set[str] = set()
    for begin in _PHRASE_STARTS.finditer(text, 0, stop):
        start = begin.end()
        words = _PHRASE.match(text, start)
        # Three words behind a colon are a message, also without a word about a failure.
        least = 1 if has_trouble(text, start, start) else 2 if text[start - 2 : start] == ": " else _NEVER
        if not words:
            continue
        for end in (start + gap.start() for gap in _GAP.finditer(words[0] + " ")):
            value = text[start:end]
            if value.count(" ") >= least and _may_be_a_symbol(text, end, value.lower()):
                values.add(value)
                yield Candidate(start, end, value, "", CandidateKind.PHRASE, STRENGTH[CandidateKind.PHRASE])
        if len(values) >= MAX_PHRASES:
            return


def _may_be_in_a_sentence(text: str, start: int, end: int) -> bool:
    """Whether a symbol is no name in a query, and its line or its own words, as in `NoSuchBucket`, are about a failure.

    `lock_timeout` may be a setting.
    """
    if text[start - 1 : start] in ("=", "&", "?") or _NAME.search(text[max(0, start - 16) : start].lower()):
        return False
    words = " ".join(_HUMP.findall(text[start:end]))
    if has_trouble(text, start, end) or says_code(text, start, end):
        return True
    return "_" not in text[start:end] and has_trouble(words, len(words), len(words))


def _may_be_a_symbol(text: str, end: int, phrase: str) -> bool:
    """Whether words end where a symbol may end, and are no label as in `inner error: 3`."""
    first, _, last = phrase.rpartition(" ")
    is_label = last in _VERBS or (last in _NOUNS and text[end : end + 1] == ":")
    return bool(first) and not is_label and phrase not in _COMMON and _PHRASE_END.match(text, end) is not None
