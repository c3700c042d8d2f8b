"""SQL for the index in PostgreSQL: a table with a `tsvector` for each audience, and the vocabulary.

The tokenizer has already split the words, so the database's parsers and dictionaries do not change them.

# Note [Stripes]
A word may be in thousands of documents, and only the first few hundred by key are ranked. An index of words returns all
of them, unordered, and the time to sort them by key grows with the number of codes. So keys are divided into stripes of
three widths, and each vector has the names of its stripes as words: `stripes.py` searches for a word in the first
stripes only. Three names cost almost nothing; dozens would cost more than they save. A trigger writes the names, so
servers of the previous release write them, too.
"""

from collections.abc import Sequence
from typing import Any

from kb.searching.documents import Document

LEVELS = (13, 16, 19)
"""A stripe of level n has 2**n keys; each vector names one stripe of every level. See Note [Stripes].
The trigger has the same levels, so a change needs a migration."""

KEY = "key"
COLUMNS = ("key", "head", "near", "body", "words", "vector")
MATCHES = "vector @@ %s::tsquery"


def stripe(level: int, number: int) -> str:
    """Return the expression for the documents of a stripe. See Note [Stripes]."""
    return f"'°{level}.{number}'"


def any_of(expressions: Sequence[str]) -> str:
    """Return the expression that matches if one of the expressions does."""
    return f"({' | '.join(expressions)})"


def all_of(expressions: Sequence[str]) -> str:
    """Return the expression that matches if all expressions do."""
    return f"({' & '.join(expressions)})"


def word(stem: str, prefix: bool = False) -> str:
    """Return the expression for a word, or for the beginning of one."""
    return f"'{stem}':*" if prefix else f"'{stem}'"


def line(document: Document) -> tuple[Any, ...]:
    """Return the values of COLUMNS for a document."""
    # Words have letters and digits only, so that they need no escapes.
    words = "' '".join(dict.fromkeys(f"{document.head} {document.near} {document.body}".split()))
    return *document, f"'{words}'" if words else ""


def settle(audience: int) -> list[str]:
    """Return the statements that keep the index fast after a large write."""
    return [f"SELECT gin_clean_pending_list('kb_search_{audience}_vector')", f"ANALYZE kb_search_{audience}"]
