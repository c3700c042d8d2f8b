"""Values behind a label: `"Code": 660300001`, `error code 3`, `错误码：3`."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from kb.text.detection.kinds import STRENGTH, Candidate, CandidateKind
from kb.text.word_lists import WordFile, lower_case, one_of, whole

_FILE = WordFile(Path(__file__).parent / "words" / "labels.toml")

# Labels that need a pattern: `errors/3`, `http/1.1 404`.
_ERRORS_IN_PATH = [*"errors", "(?=/)"]
_HTTP_VERSION = [*"http", r"(?:/[0-9](?:\.[0-9])?)"]
_LABELS = [[sign if sign != "-" else "[ _-]?" for sign in word] for word in _FILE.words("labels")]
# Matched in lower-cased text. Each alternative begins with a different letter, so the matcher can skip the others.
_LABEL = rf"{one_of([*_LABELS, _ERRORS_IN_PATH, _HTTP_VERSION])}(?![a-z])"
_SEPARATOR = (
    r"""["'\\”’」』\])>*`}]{0,6}+[ \t]{0,4}+"""
    r"(?:(?:===?|=>|->|:=|[:=：＝|#]|/(?=[0-9]{4})|,(?=[0-9][0-9a-z]{4},)"
    rf"|{whole(_FILE.words('joiners'))}|{one_of(_FILE.words('abbreviations'))}|(?:long|int)\))[ \t]{{0,4}}+){{0,2}}+"
    r"""(?:(?<=[:=：＝>|])(?:\s|&nbsp;){0,8}+|[ \t]{0,4}+)["'\\„«»‹›“‘「『\[(<#*`\u00a0]{0,6}+"""
)
_VALUE = (
    r"((?!c0de)(?:[-−][ ]?)?(?:[oq]x[0-9a-foils]{6,8}+|0x(?=[0-9a-f]{0,7}[oils])[0-9a-foils]{6,8}+"
    r"|0x[0-9a-f]{1,16}+|[0-9]{4}[ ]?-[ ]?[0-9]{4}|[0-9]{1,3}(?:,[0-9]{3}){1,3}(?![0-9])"
    r"|[0-9０-９]{1,19}+[0-9a-z]{0,8}+"
    r"|[a-z]{1,12}+[-_.]?[0-9]{1,12}+[a-z0-9]{0,8}+(?:[-_.][0-9a-z]{1,12}+){0,3}+))"
)
# Excludes versions, decimals, times, percentages, paths and the beginning of a longer word.
_NOT_MORE = r"(?![0-9０-９a-z_@$€%]|[.][0-9]|,[0-9]{3}(?![0-9])|[:#][0-9]|[/-][0-9a-z]|[ \t]*---|[ ]?(?:ms|%|kb|mb)\b)"
_LABELLED = re.compile(rf"{_LABEL}(?:\(\))?(?:{_SEPARATOR}){_VALUE}{_NOT_MORE}")
_SYMBOL = re.compile(r"""code["'\\]{0,6}+\s{0,2}+[:=]\s{0,2}+["'\\]{1,6}+([a-z][a-z0-9_.]{2,47}+)["'\\]""")
_ELEMENT = re.compile(r"code>\s{0,2}+([a-z][a-z0-9_.]{2,47}+)\s{0,2}+</")
"""An element of XML: `<Code>NoSuchKey</Code>`."""

_NAMED = re.compile(
    r"(?<![A-Za-z])(?:[Cc]ode|[Ss]tatus(?:Code)?|errcode|condition)"
    r"(?:[.]([A-Z_]{4,40})|[ ]?[=:][ ]?[\"']?([A-Z][A-Za-z]{2,40}(?:_[A-Z0-9]{1,20}){0,5})"
    r"|[ ]([a-z]{2,20}(?:_[a-z0-9]{1,20}){1,6}))(?=[\"']?(?:[,;)}\]]|\s|\Z))"
)
"""A word behind a label, without quotes: `code = Unavailable`, `errcode undefined_table`."""

_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\x00-\x7f]+")

# With the vowel signs of Hindi and Thai, which are no letters for Python.
_WORD = re.compile(r"[\w.\u0900-\u097f\u0e31-\u0e4e]*(?:/[0-9.]+)?")
_FIELD_SIGNS = re.compile(r"""["'\\]*\s*(?:[:=]|=>)|["']?>""")
# Matched on reversed text: a search for the end need not try every beginning.
_HEAD_BACKWARDS = re.compile(r"[A-Za-z0-9_.$-]*")
_WORD_BACKWARDS = re.compile(r"[\s\"'_-]{1,3}([^\W\d_]+)")

_CODE_STARTS = _FILE.words("code_starts")
_FIELD_LABELS = _FILE.words("field_labels")
_VAGUE_LABELS = _FILE.words("vague_labels")
_STATUS_LABELS = _FILE.words("status_labels")
_CODE_STEMS = frozenset(_FILE.words("code_stems"))
_STEM_ENDINGS = _FILE.words("stem_endings")
_COMPOUNDED = _FILE.words("compounded")
_ITEM_STEMS = _FILE.words("item_stems")
_OTHER_KINDS = frozenset(_FILE.words("other_kinds"))
_OTHER_KINDS_CJK = _FILE.words("other_kinds_cjk")
_ERROR_NUMBERS_CJK = _FILE.words("error_numbers_cjk")
_CODE_STEMS_CJK = _FILE.words("code_stems_cjk")
_ITEM_STEMS_CJK = _FILE.words("item_stems_cjk")

# In prose, `2nd`, `v3` and `mp3` may follow a label. So letters are allowed only in the forms of codes.
_CODE_LETTERS = re.compile(
    r"[-−]?(?:0[xX]|[^a-z]+\Z|[a-z]{2,8}-[0-9]{3}|[0-9a-f]{8}\Z|(?=(?:[OoIlSB]{0,4}+[0-9]){4})[0-9OoIlSB]{5,12}\Z)"
)
_STATUS_STEMS = ("grpc", "nt", "rpc")
_UNSURE_WHEN_SHORT = (CandidateKind.FIELD, CandidateKind.ITEM, CandidateKind.SAID, CandidateKind.EXIT)
_BEFORE = 28
"""Characters before a label that are read as its context."""


def labelled_values(text: str) -> Iterator[Candidate]:
    """Yield the values after a label, including those of another kind (`CandidateKind.OTHER`)."""
    low = lower_case(text)
    # Cached, because logs repeat themselves: the same words before a value give the same label.
    labels: dict[tuple[str, str], tuple[str, CandidateKind]] = {}
    for match in _LABELLED.finditer(low):
        begin, (start, end) = match.start(), match.span(1)
        context = (_clause(text[max(0, begin - _BEFORE) : begin]), text[begin:start])
        pair = labels.get(context)
        if pair is None:
            pair = labels[context] = _label(*context)
        label, promise = pair
        if text[start] in "-−" and text[start - 1].isalnum():
            # `ERR-21408` has a hyphen, and no negative number.
            start += 1
        value = text[start:end]
        kind = _kind(promise, label, value, text[end : end + 2])
        if kind:
            yield Candidate(start, end, value, label, kind, _strength(kind, value))
    yield from _symbols(text, low)


def _clause(before: str) -> str:
    """Return the last line, field or item of a text: a label belongs to nothing before it."""
    for opening in "\n,{":
        before = before.rpartition(opening)[2]
    return before


def _symbols(text: str, low: str) -> Iterator[Candidate]:
    """Yield quoted words in a code field, such as "NoSuchKey". Those with a digit are labelled values already."""
    for match in _NAMED.finditer(text):
        strength = STRENGTH[CandidateKind.FIELD]
        group = match.lastindex or 0
        yield Candidate(*match.span(group), match[group], "code", CandidateKind.FIELD, strength)
    for match in chain(_SYMBOL.finditer(low), _ELEMENT.finditer(low)):
        start, end = match.span(1)
        if not any("0" <= letter <= "9" for letter in low[start:end]):
            yield Candidate(start, end, text[start:end], "code", CandidateKind.FIELD, STRENGTH[CandidateKind.FIELD])


def _strength(kind: CandidateKind, value: str) -> float:
    # Many tables have a code 3: the shorter a number, the weaker the sign.
    if len(value) <= 4 and kind in _UNSURE_WHEN_SHORT and len(value.strip("-−0０")) <= 2:
        return STRENGTH[kind] - 0.3
    return STRENGTH[kind]


def _label(before: str, after: str) -> tuple[str, CandidateKind]:
    """Return the label as written and the kind of value that it suggests."""
    word = (_WORD.match(after) or [""])[0]
    if not word[:1].isascii():
        return _label_cjk(before, word)
    head = (_HEAD_BACKWARDS.match(before[::-1]) or [""])[0][::-1]
    humps = _HUMP.findall(head)
    last = humps[-1].lower() if humps else ""
    label, glue, low = head + word, after[len(word) :], word.lower()
    if low.startswith("http"):
        return label, CandidateKind.HTTP
    if low.startswith("exit") or last == "exit":
        return label, CandidateKind.EXIT
    previous = _word_before(before[: len(before) - len(head)])
    if (last or previous) in _OTHER_KINDS and low.startswith(_CODE_STARTS):
        return label, CandidateKind.OTHER
    if last and not _is_stem(last, low):
        return label, CandidateKind.WEAK
    if previous in ("exit", "exited", "with") and "exit" in before.lower():
        return label, CandidateKind.EXIT
    return label, _kind_of_label(low, last or previous, glue)


def _is_stem(last: str, word: str) -> bool:
    # `Fehlercode`, `bizerrorcode`, `felkod` end in a stem. `rc` and `ret` are too short to count as an ending.
    return last in _CODE_STEMS or word.startswith(_COMPOUNDED) or (len(word) > 3 and last.endswith(_STEM_ENDINGS))


def _kind_of_label(word: str, stem: str, glue: str) -> CandidateKind:
    is_field = bool(_FIELD_SIGNS.match(glue))
    if word.startswith((*_CODE_STARTS, "sql")):
        if stem in ("http", "status"):
            return CandidateKind.WEAK if stem == "status" else CandidateKind.HTTP
        if stem in _ITEM_STEMS:
            return CandidateKind.ITEM
        return CandidateKind.FIELD if is_field else CandidateKind.SAID
    if word == "status" and stem in _STATUS_STEMS:
        return CandidateKind.SAID
    if word in _VAGUE_LABELS:
        return CandidateKind.WEAK
    # `[error] 31#31` and `ERROR 12345 --- [main]` begin a log line: a process or a thread follows.
    if "]" in glue or "|" in glue:
        return CandidateKind.WEAK
    return CandidateKind.FIELD if is_field and word in _FIELD_LABELS else CandidateKind.SAID


def _label_cjk(before: str, word: str) -> tuple[str, CandidateKind]:
    near = before[-6:]
    if near.endswith(_OTHER_KINDS_CJK) and not near.endswith(_ERROR_NUMBERS_CJK):
        return word, CandidateKind.OTHER
    label = (re.search(r"[^\x00-\x7f\s：、，。「『（]*\Z", near) or [""])[0] + word
    if word[0] in "代番" and not near.endswith(_CODE_STEMS_CJK) and near[-1:] > "\u2e80":
        return label, CandidateKind.WEAK if word[0] == "代" else CandidateKind.OTHER
    if near.endswith(_ITEM_STEMS_CJK):
        return label, CandidateKind.ITEM
    return label, CandidateKind.WEAK if word.startswith("返回") and "码" not in word else CandidateKind.SAID


def _word_before(before: str) -> str:
    match = _WORD_BACKWARDS.match(before[::-1])
    return match[1][::-1].lower() if match else ""


def _kind(promise: CandidateKind, label: str, value: str, after: str) -> CandidateKind | None:
    """Return the kind of a value after a label that suggests `promise`; None if it is not a code."""
    if promise in (CandidateKind.FIELD, CandidateKind.ITEM, CandidateKind.OTHER):
        return promise
    digits = value.isdigit()
    if promise is CandidateKind.HTTP or (promise is CandidateKind.WEAK and label.lower().endswith(_STATUS_LABELS)):
        if digits and len(value) == 3:
            return CandidateKind.HTTP if "1" <= value[0] <= "5" else None
        if promise is CandidateKind.HTTP:
            return None
    if promise is CandidateKind.WEAK and len(value) > 4:
        return CandidateKind.SAID
    if promise in (CandidateKind.SAID, CandidateKind.WEAK) and not digits and not _CODE_LETTERS.match(value):
        return None
    is_level = promise is CandidateKind.SAID and label == "ERROR"
    if is_level and digits and len(value) < 9 and after.strip()[:1] not in "(:":
        # After a log level in capitals, a number is most often a process.
        return CandidateKind.WEAK
    return promise
