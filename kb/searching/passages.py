"""Read the texts that the passages of hits come from: those of codes, and of the notes on them."""

import re
from collections.abc import Sequence

from kb.models.fields import VENDOR_TEXTS
from kb.models.notes import NoteState
from kb.models.visibility import Audience, Reader
from kb.searching import store

_OTHERS = [name for name in VENDOR_TEXTS if name != "description"]
_CODES = (
    f"SELECT c.id, {', '.join(f'c.{name}' for name in ('description', *_OTHERS))} FROM kb_returncode AS c"  # noqa: S608
    " JOIN kb_codetable AS t ON t.id = c.table_id + 0 WHERE c.id IN ({})"
)
_OF_CODES = (
    "SELECT l.returncode_id AS code_id, l.troubleshootingnote_id AS note_id"
    " FROM kb_troubleshootingnote_codes AS l WHERE l.returncode_id IN ({0})"
)
_OF_RANGES = (
    "SELECT c.id, l.troubleshootingnote_id FROM kb_troubleshootingnote_ranges AS l"
    " JOIN kb_coderange AS r ON r.id = l.coderange_id"
    " JOIN kb_returncode AS c ON c.table_id = r.table_id AND c.number BETWEEN r.first AND r.last WHERE c.id IN ({0})"
)
_NOTES = (
    f"SELECT n.state <> '{NoteState.VALIDATED}' AS is_unsure, n.id, links.code_id, n.title, n.issue, n.cause,"  # noqa: S608
    f" n.resolution, n.environment FROM ({_OF_CODES} UNION {_OF_RANGES}) AS links"
    f" JOIN kb_troubleshootingnote AS n ON n.id = links.note_id WHERE n.state <> '{NoteState.ARCHIVED}'"
)
"""The notes on codes, and on ranges around them."""
_PUBLIC_CODES = f" AND t.audience = '{Audience.PUBLIC}'"
_PUBLIC_NOTES = f" AND n.audience = '{Audience.PUBLIC}' AND n.state = '{NoteState.VALIDATED}'"

_MARKDOWN = re.compile(r"\*\*([^*\n]{1,200})\*\*|`{1,3}([^`\n]{1,200})`{1,3}|^#{1,6} ", re.MULTILINE)
"""Bold words, code and the beginnings of headings: a passage is plain text and shows what they enclose."""


def texts_of(code_ids: Sequence[int], level: Reader) -> dict[int, list[str]]:
    """Return the texts of codes and of the notes on them that a reader may see, by the code's id.

    The description comes first. Codes that the reader may not see are left out.
    """
    if not code_ids or level == Reader.NOTHING:
        return {}
    sql = _CODES.format(_marks(code_ids)) + (_PUBLIC_CODES if level == Reader.PUBLIC else "")
    texts = {code_id: own for code_id, *own in store.rows_of(sql, *code_ids)}
    return add_note_texts(texts, list(texts), level)


def add_note_texts(texts: dict[int, list[str]], code_ids: Sequence[int], level: Reader) -> dict[int, list[str]]:
    """Add the texts of the notes on some of the codes that a reader may see, validated ones first; return all texts."""
    if code_ids:
        sql = _NOTES.format(_marks(code_ids)) + (_PUBLIC_NOTES if level == Reader.PUBLIC else "")
        for _, _, code_id, *own in sorted(store.rows_of(sql, *code_ids, *code_ids)):
            texts[code_id] += [_MARKDOWN.sub(lambda mark: mark[1] or mark[2] or "", text) for text in own]
    return texts


def _marks(values: Sequence[int]) -> str:
    return ", ".join(["%s"] * len(values))
