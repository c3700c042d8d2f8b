"""Words in a text, in their order, whatever stands between them that is no letter or digit, as search splits texts."""

import re
from itertools import pairwise

from kb.text.accents import fold_case

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Letters of scripts without spaces: a word may begin or end between any two of them."""

_LETTERS = rf"(?:(?![{_CJK}])[^\W_])+"
_WORD = re.compile(rf"[{_CJK}]+|{_LETTERS}(?:['’]{_LETTERS})*")
# An apostrophe between letters belongs to their word.
_BEFORE = rf"(?:^|[^\w'’]|[_{_CJK}]|(?:^|\W|_)['’])"
_AFTER = rf"(?:$|[^\w'’]|[_{_CJK}]|['’](?:$|\W|_))"
_BETWEEN = r"(?:(?:[^\w'’]|_)(?:\W|_)*|['’](?:\W|_)+)"
_BETWEEN_CJK = r"(?:\W|_)*"


def pattern(text: str) -> str:
    """Return what finds the words of a text in another one after `fold_case`, for Python and for both databases."""
    words = _WORD.findall(fold_case(text))
    if not words:
        # No text has it.
        return "^$a"
    parts = [_as_pattern(words[0])]
    for before, word in pairwise(words):
        parts += [_BETWEEN_CJK if _is_cjk(before) or _is_cjk(word) else _BETWEEN, _as_pattern(word)]
    first, last = _is_cjk(words[0]), _is_cjk(words[-1])
    return "".join(["" if first else _BEFORE, *parts, "" if last else _AFTER])


def _as_pattern(word: str) -> str:
    return re.sub("['’]", "['’]", word)


def _is_cjk(word: str) -> bool:
    return re.match(f"[{_CJK}]", word) is not None
