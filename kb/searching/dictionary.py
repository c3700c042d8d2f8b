"""English words, so that search never corrects a real word to one that looks like it.

`english.txt.gz` has the stems of the words of 4 to 24 letters, one a line and sorted, of Debian's packages
`wamerican` and `wbritish-small` 2020.12.07-2, which have the lists of SCOWL. `english.licence.txt` has SCOWL's notice,
which allows this. `words.toml` has words of computing that these lists lack. Stems depend on `tokenizer.stem`: if that
changes, `rebuild` makes the file again from such lists.
"""

import gzip
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from kb.searching.tokenizer import fold, stem
from kb.text.word_lists import WordFile

_FILE = Path(__file__).with_name("english.txt.gz")
_SHORTEST, _LONGEST = 4, 24


def has(word: str) -> bool:
    """Whether a word in lower case, or another form of it, is in the dictionary."""
    return stem(word) in _stems()


def rebuild(words: Iterable[str]) -> None:
    """Write the file from lists of words."""
    lower = (fold(word).strip().lower() for word in words)
    usual = {word for word in lower if word.isascii() and word.isalpha() and _SHORTEST <= len(word) <= _LONGEST}
    _FILE.write_bytes(gzip.compress("\n".join(sorted(map(stem, usual))).encode(), mtime=0))


@lru_cache(maxsize=1)
def _stems() -> frozenset[str]:
    more = WordFile(_FILE.with_name("words.toml")).words("computing")
    return frozenset((*gzip.decompress(_FILE.read_bytes()).decode().split(), *map(stem, more)))
