"""Rules for Kubernetes' secrets, whose values stand behind names of any kind."""

import re
from collections.abc import Iterator

from kb.text.safety.rules import Pattern, Rule, is_value

_REACH = 4_000
"""Characters around the values in which "kind: Secret" is looked for."""

_KIND = re.compile(r"\bkind\\?\"?: ?\\?\"?secret\b")
_LINE = re.compile(r"^[ \t]{1,200}+(?:[\"']?[\w./-]{1,200}+[\"']?:(?:[ ]|$))?+[\"']?([^\n\"']{0,60000}+)", re.MULTILINE)
_ENTRY = re.compile(r":\s?\\?\"([^\"\\\n]{1,60000}+)\\?\"")


def _is_of_a_secret(match: re.Match[str]) -> bool:
    """Whether the same document, before or behind the values, says that it is a secret: others hold settings."""
    before = match.string[max(match.start() - _REACH, 0) : match.start()].rpartition("\n---")[2]
    after = match.string[match.end() - 1 : match.end() + _REACH].partition("\n---")[0]
    return _KIND.search(before) is not None or _KIND.search(after) is not None


def _lines(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    if _is_of_a_secret(match):
        for line in _LINE.finditer(match.string, match.start("lines"), match.end("lines")):
            if is_value(line[1]):
                yield line.span(1)


def _entries(match: re.Match[str]) -> Iterator[tuple[int, int]]:
    if _is_of_a_secret(match):
        for entry in _ENTRY.finditer(match.string, match.start(1), match.end(1)):
            yield entry.span(1)


RULES = [
    Rule(
        ("kind: secret",),
        Pattern(
            r"^(?P<indent>[ \t]{0,40}+)(?:string)?data:[ ]{0,4}+\r?\n"
            r"(?P<lines>(?:(?P=indent)[ \t]{1,40}+\S[^\n]{0,60000}+(?:\n|\Z)){1,200}+)",
            re.MULTILINE,
        ),
        _lines,
    ),
    Rule(
        ('"kind": "secret"', '"kind":"secret"', 'kind\\":\\"secret\\"'),
        Pattern(r"\\?\"(?:string)?data\\?\"\s?:\s?\{([^{}]{1,60000}+)\}"),
        _entries,
    ),
]
