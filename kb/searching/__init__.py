"""Search by words, one interface for every database.

words.py       text to words: stems, parts of camelCase, pairs of Chinese characters
documents.py   what is searched of a code, once for the public and once for the inside
store.py       the index's tables; sqlite.py and postgres.py have what differs
index.py       keeps it in step: `refresh`, `rebuild`
comparing.py   proves that it is: `check`
query.py       a question to terms, with the curators' synonyms
ranking.py     the best first; spelling.py what was meant; snippet.py the passage
first.py       the first documents with some words; find.py: `search` and `containing`
"""

from kb.searching.consistency import check, differences
from kb.searching.notes import MAX_LENGTH, MAX_WORDS, all_texts, notes_containing, search_notes
from kb.searching.planner import SearchHit, SearchMatches, containing, search
from kb.searching.store import is_there
from kb.searching.writer import lag, prepare, rebuild, refresh, refresh_changed, refresh_notes, refresh_table

__all__ = [
    "MAX_LENGTH",
    "MAX_WORDS",
    "SearchHit",
    "SearchMatches",
    "all_texts",
    "check",
    "containing",
    "differences",
    "is_there",
    "lag",
    "notes_containing",
    "prepare",
    "rebuild",
    "refresh",
    "refresh_changed",
    "refresh_notes",
    "refresh_table",
    "search",
    "search_notes",
]
