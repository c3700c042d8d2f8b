"""Tell code that reads a secret from somewhere, such as `process.env.API_KEY`, from the secret itself."""

import re
from collections.abc import Callable, Iterator

from kb.text.safety.rules import FILE, Spans, groups
from kb.text.word_lists import one_of

_ROOT = one_of(FILE.words("code_roots"))
_LAST = one_of([*FILE.words("reference_endings")])
_PART = r"[a-z_$][a-z_$]*"
_SEPARATOR = r"(?:\?\.|->|::|\.)"
# process.env.API_KEY, settings.API_KEY, request.form.password, creds->token, getToken.
_CHAIN = re.compile(rf"(?:{_PART}{_SEPARATOR})*{_PART}")
_FROM_ROOT = re.compile(rf"{_ROOT}{_SEPARATOR}[\w$.?:>-]+")
_TO_SECRET = re.compile(rf"(?:{_PART}{_SEPARATOR})+(?:\w*_)?{_LAST}")
_VARIABLE = re.compile(rf"(?:[a-z]+_)+{_LAST}")
_CALL = re.compile(r"\(\s?(?:\)|[\"'`$]|[\w.]{1,60}\)\s?(?:;|\n|\Z))")
_VERB = re.compile(rf"(?:[\w$]+{_SEPARATOR})*{one_of(FILE.words('code_verbs'))}[\w$]*")
_INDEX = re.compile(r"\[\s?[\"'`:$]")
_QUOTES = "\"'`\\"


def is_reference(text: str, start: int, end: int) -> bool:
    """Whether the value at a place is code: a chain of names, a call, or a variable."""
    if text[start - 1 : start] in _QUOTES and start:
        return False
    value = text[start:end].rstrip(".:?")
    after = text[end : end + 80]
    if not value:
        return False
    if text[max(start - 4, 0) : start].rstrip().endswith("==") and _CHAIN.fullmatch(value):
        return True
    if _FROM_ROOT.fullmatch(value) or _TO_SECRET.fullmatch(value):
        return True
    if after.startswith("(") and (_VERB.fullmatch(value) or (_CHAIN.fullmatch(value) and _CALL.match(after))):
        return True
    if after.startswith("[") and _INDEX.match(after) and _CHAIN.fullmatch(value):
        return True
    return _is_argument(text, start, after) and _VARIABLE.fullmatch(value) is not None


def _is_argument(text: str, start: int, after: str) -> bool:
    """Whether a name stands as code writes it: `x = name`, or `x=name` before the end of a call."""
    return (text[start - 2 : start] in ("= ", ": ") and text[start - 3 : start - 2] == " ") or after[:1] in (
        ")",
        ",",
        ";",
    )


def values_if(is_secret: Callable[[str], bool]) -> Callable[[re.Match[str]], Spans]:
    """Return what yields the places of the groups whose values are secrets, and no code."""

    def spans(match: re.Match[str]) -> Iterator[tuple[int, int]]:
        for start, end in groups(match):
            if is_secret(match.string[start:end]) and not is_reference(match.string, start, end):
                yield start, end

    return spans
