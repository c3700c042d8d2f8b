"""The words, numbers, texts, signs and comments of source code in languages like C."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from kb.importing.reading.sheets import unreadable

MAX_TOKENS = 2_000_000
"""Most words and signs of one file of source code."""

_TOKEN = re.compile(
    r"(?P<comment>//[^\n]*+|/\*.*?(?:\*/|\Z))"
    r"|(?P<string>\"(?:[^\"\\\n]|\\.)*+\"?|'(?:[^'\\\n]|\\.)*+'?|`(?:[^`\\]|\\.)*+`?)"
    r"|(?P<define>\#[ \t]{0,9}define\b)"
    r"|(?P<number>\d[\w.]*+(?:'[0-9A-Fa-f]{1,16}){0,9}+)"
    r"|(?P<word>[^\W\d][\w$]*+)"
    r"|(?P<joint>\\\n)"
    r"|(?P<sign>\n|<<|[^\s\w])",
    re.DOTALL,
)
_COMMENT_SIGNS = re.compile(
    r"^[ \t]{0,99}(?:/{2,9}[!<]{0,2}|/\*{1,9}[!<]{0,2}|\*(?!/))|\*{1,9}/[ \t]{0,9}\Z", re.MULTILINE
)
_COMMENT_TAG = re.compile(
    r"</?(?:summary|remarks|para|p)\s{0,3}/?>|@(?:brief|details?|summary)\b|\\brief\b", re.IGNORECASE
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


_HASH_COMMENT = re.compile(r"(?P<hash>\#(?!\[)[^\n]*+)|" + _TOKEN.pattern, re.DOTALL)
_SINGLE_ESCAPE = re.compile(r"\\([\\'])")


class Token(NamedTuple):
    """A piece of source code: its kind, its text, where it is, and the lines on which it begins and ends."""

    kind: str
    text: str
    start: int
    end: int
    line: int
    last_line: int


def tokens_of(text: str, *, is_script: bool = False) -> list[Token]:
    """Return the tokens of a text; a string without its quotation marks. Raises Unreadable above MAX_TOKENS.

    In scripts of PHP, Perl and Ruby, `#` begins a comment, and a single quotation mark a string without escapes.
    """
    tokens, line = [], 1
    for match in (_HASH_COMMENT if is_script else _TOKEN).finditer(text):
        kind, words = match.lastgroup or "", match[0]
        first, line = line, line + words.count("\n")
        if kind == "joint":
            continue
        if kind == "hash":
            kind, words = "comment", "//" + words[1:]
        elif kind == "define":
            words = "#define"
        elif kind == "number":
            # C++ separates the digits of a long number by an apostrophe.
            words = words.replace("'", "")
        elif kind == "string":
            is_plain = is_script and words[0] == "'"
            words = words[1:-1] if words[0] == words[-1] and len(words) > 1 else words[1:]
            words = _SINGLE_ESCAPE.sub(r"\1", words) if is_plain else _ESCAPE.sub(_unescape, words)
        tokens.append(Token(kind, words, match.start(), match.end(), first, line if words != "\n" else first))
        if len(tokens) > MAX_TOKENS:
            raise unreadable("too_many_values", f"This source code has more than {MAX_TOKENS} words, the limit.")
    return tokens


def comment_text(comments: Sequence[Token]) -> str:
    """Return the text of comments, without their signs."""
    if not comments:
        return ""
    lines: list[str] = []
    for comment in comments:
        text = _COMMENT_TAG.sub("", _COMMENT_SIGNS.sub("", comment.text))
        lines += [line.strip(" \t<") if line.strip().startswith("<") else line.strip() for line in text.split("\n")]
    return "\n".join(line for line in lines if line)


def _unescape(match: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t"}.get(match[1], match[1])
