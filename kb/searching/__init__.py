"""Search by words, with the same answers on every database.

Text to words
    tokenizer.py    splits text into words and stems; words.toml holds stop words and irregular forms
The index
    documents.py    builds the documents: of a code one for the public and one for staff and agents, and those of notes
    store.py        reads and writes the index's tables
    sqlite.py       SQL for SQLite (FTS5)
    postgres.py     SQL for PostgreSQL (tsvector)
    messages.py     keeps the anchors of vendors' messages: they lead from a line of a log to codes
    parts.py        finds parts of texts, of three characters or more: `ids_with_part`
    writer.py       keeps the index up to date: `refresh`, `rebuild`
    consistency.py  compares the index with the codes: `check`
Meaning, with the extra `meaning`
    wordpiece.py    splits text into the pieces of words that the model knows
    sentences.py    runs the model: a text becomes a vector
    vectors.py      keeps a vector of each code up to date: `catch_up`
    nearest.py      compares the vectors of the codes with that of a question
An answer, in this order
    query.py        turns a question into terms, with the curators' synonyms
    typos.py        corrects words that neither a document nor the dictionary has
    dictionary.py   knows English words
    stripes.py      reads the first documents with the terms
    relevance.py    ranks these documents
    purpose.py      tells a question that tells a problem from one that asks for something
    coverage.py     tells a question about something else
    passages.py     reads the texts of hits
    snippets.py     cuts the passage out of a text
    likeness.py     adds the codes that mean the same, and refuses or answers by meaning
    planner.py      does all of this: `search`; filters codes: `containing`
    notes.py        searches notes: those about no code by their documents, all by parts of words
"""

from kb.searching.consistency import check, differences
from kb.searching.notes import MAX_LENGTH, MAX_WORDS, notes_about_no_code, notes_containing, search_notes
from kb.searching.parts import MIN_PART, has_length, having_part, having_words, ids_with_part
from kb.searching.passages import add_note_texts
from kb.searching.planner import SearchHit, SearchMatches, closest, containing, ids_containing, search, with_passages
from kb.searching.sentences import load_model
from kb.searching.store import is_there
from kb.searching.vectors import catch_up, repair_vectors, wait_for_vectors
from kb.searching.writer import lag, prepare, rebuild, refresh, refresh_changed, refresh_notes, refresh_table

__all__ = [
    "MAX_LENGTH",
    "MAX_WORDS",
    "MIN_PART",
    "SearchHit",
    "SearchMatches",
    "add_note_texts",
    "catch_up",
    "check",
    "closest",
    "containing",
    "differences",
    "has_length",
    "having_part",
    "having_words",
    "ids_containing",
    "ids_with_part",
    "is_there",
    "lag",
    "load_model",
    "notes_about_no_code",
    "notes_containing",
    "prepare",
    "rebuild",
    "refresh",
    "refresh_changed",
    "refresh_notes",
    "refresh_table",
    "repair_vectors",
    "search",
    "search_notes",
    "wait_for_vectors",
    "with_passages",
]
