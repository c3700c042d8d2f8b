"""Checks of the ordered feed: every number up to the counter occurs once, and the changes match the rows."""

import json
from collections.abc import Iterator

from django.db import models

from kb.models.changes import RELISTED
from kb.models.sql import rows, table_of
from kb.ops.doctor.findings import first_rows, listing, sentence_about
from kb.services import journal

BORN_IN_MIGRATIONS = {"synonym"}
"""Nouns with rows from migrations. Those rows have no first change and no first revision."""

_RELISTED = f"CAST(fields AS text) = '{json.dumps(RELISTED)}'"
"""A change without an edit: see `Change.has_revision`."""

_TOMBSTONES = "(SELECT code_id FROM kb_tombstone)"
_HIDDEN = {
    "code": f"t.id IN {_TOMBSTONES}",
    "section": "(SELECT count(x.code_id) > 0 AND count(x.code_id) = count(*) FROM kb_returncode AS c"
    " LEFT JOIN kb_tombstone AS x ON x.code_id = c.id WHERE c.section_id = t.id)",
}
"""By noun, whether a row is there for revisions alone: a tombstone, or a section with nothing else."""


def numbers() -> Iterator[str]:
    """Yield the problems of the feed's numbers: gaps, repeats, a counter that differs from the last number."""
    first, last, count = rows("SELECT min(sequence), max(sequence), count(*) FROM kb_change")[0]
    counters = [last for (last,) in rows("SELECT last FROM kb_changecounter")]
    if counters != [last or 0] and not (count == 0 and not counters):
        position = f"stands at {listing(counters)}" if counters else "is missing"
        yield f"The feed ends at {last or 0}, but its counter {position}."
    if count and first != 1:
        yield f"The feed begins at {first}, not at 1."
    gaps = first_rows(
        "SELECT sequence, following FROM (SELECT sequence, lead(sequence) OVER (ORDER BY sequence) AS following"
        " FROM kb_change) AS pairs WHERE following > sequence + 1 ORDER BY sequence"
    )
    if gaps:
        yield f"The feed has gaps: {listing([f'after {here} comes {following}' for here, following in gaps])}."
    repeats = first_rows("SELECT sequence FROM kb_change GROUP BY sequence HAVING count(*) > 1 ORDER BY sequence")
    if repeats:
        yield f"The feed repeats numbers: {listing([sequence for (sequence,) in repeats])}."


def objects() -> Iterator[str]:
    """Yield the objects for which the feed and the rows differ: created, edited, deleted."""
    for noun, model in journal.models_in_feed().items():
        yield from _of_noun(noun, model)


def _of_noun(noun: str, model: type[models.Model]) -> Iterator[str]:
    events = f"""
        SELECT object_id, sum(CASE WHEN kind = 'deleted' OR {_RELISTED} THEN 0 ELSE 1 END) AS edits,
            sum(CASE WHEN kind = 'created' THEN 1 ELSE 0 END) AS births,
            sum(CASE WHEN kind = 'deleted' THEN 1 ELSE 0 END) AS deaths,
            max(CASE WHEN kind = 'deleted' THEN sequence END) AS died, max(sequence) AS ended
        FROM kb_change WHERE noun = '{noun}' GROUP BY object_id
    """
    table, born = table_of(model), noun in BORN_IN_MIGRATIONS
    least, allowed = ("births > 1", "t.version, t.version - 1") if born else ("births <> 1", "t.version")
    is_gone, is_wrong = "deaths > 0", f"{least} OR deaths > 1 OR died < ended"
    if noun in _HIDDEN:
        # Its row stays when a roll-back takes it away; a later import may create it again.
        is_gone = f"deaths >= births AND NOT {_HIDDEN[noun]}"
        is_wrong = "births NOT IN (deaths, deaths + 1) OR (births = deaths AND died < ended)"
    silent = f"NOT EXISTS (SELECT 1 FROM kb_change AS c WHERE c.noun = '{noun}' AND c.object_id = t.id)"
    sentences = {
        "is in the feed and was not deleted there, but its row is missing": f"""
            SELECT events.object_id FROM ({events}) AS events LEFT JOIN {table} AS t ON t.id = events.object_id
            WHERE t.id IS NULL AND deaths = 0 ORDER BY 1""",
        "was deleted according to the feed, but its row exists": f"""
            SELECT events.object_id FROM ({events}) AS events JOIN {table} AS t ON t.id = events.object_id
            WHERE {is_gone} ORDER BY 1""",
        "has wrong changes in the feed: not created once, deleted twice, or changed later": f"""
            SELECT object_id FROM ({events}) AS events WHERE {is_wrong} ORDER BY 1""",
        "has a number of changes in the feed that does not match its version": f"""
            SELECT events.object_id FROM ({events}) AS events JOIN {table} AS t ON t.id = events.object_id
            WHERE deaths = 0 AND edits NOT IN ({allowed}) ORDER BY 1""",
        "is not in the feed": f"SELECT t.id FROM {table} AS t WHERE {silent}"
        + (" AND t.version > 1" if born else "")
        + " ORDER BY 1",
    }
    for sentence, sql in sentences.items():
        ids = [pk for (pk,) in first_rows(sql)]
        if ids:
            yield sentence_about(noun, ids, sentence)
