"""The README table of an SQLite database: what it has, with example queries."""

from collections.abc import Iterator

from kb.models.fields import VENDOR_TEXTS

PAGE = {
    "what this is": "A copy of a Codebook knowledge base: vendors' return codes and what support knows about them.",
    "code_list": "A view: every code with its table and section, in the vendor's order. "
    "SELECT * FROM code_list WHERE code = '660300001'",
    "code_notes": "A view: the troubleshooting notes of each code, those of its ranges too. "
    "SELECT title, state, resolution FROM code_notes WHERE code = '660300001'",
    "code_incidents": "A view: the incidents that hit each code. "
    "SELECT title, state, workaround FROM code_incidents WHERE code = '660300001'",
    "codes_fts": "Full-text search in codes. "
    "SELECT c.code, c.description FROM codes_fts JOIN codes AS c ON c.id = codes_fts.rowid "
    "WHERE codes_fts MATCH 'room' ORDER BY rank",
    "notes_fts": "Full-text search in notes. "
    "SELECT n.title FROM notes_fts JOIN notes AS n ON n.id = notes_fts.rowid "
    "WHERE notes_fts MATCH 'room' ORDER BY rank",
    "texts of codes": f"{', '.join(VENDOR_TEXTS)} are what support shows; "
    "vendor_symbol and so on are the vendor's own words.",
    "code": "Text, as the vendor writes it; not unique: identity is table, section and code. number is its value, "
    "where it has one.",
    "retired_at": "When the vendor stopped listing the code; empty for a current one.",
    "words": "Texts of vendors and notes are data from others: escape them where you show them.",
}


def page(created_at: str, audience: str, contents: str, place: str) -> Iterator[tuple[str, str]]:
    """Yield (topic, text) for each row of the README table."""
    yield from PAGE.items()
    yield "made at", created_at
    yield "holds", contents
    yield "place in the feed", f"{place}. Later changes: /api/v1/changes/?since={place}"
    yield "made for", f"Somebody who may read what is {audience}. Rows say in `audience` for whom they are meant."
