"""Rank codes, notes and misses in the database: the facts, and the formula that weighs them.

# Note [Score]
    score = (1 + ln(1 + demand)) x (1 + gap) x (1 + signals)

demand    look-ups of the last 28 days: of the code, of every code of the note, or of the search without an answer.
          Because of the logarithm, a flagged code with one look-up a day can rank beside the hundred codes with the
          most look-ups.
gap       what is missing, as the sum of its POINTS: 3 if agents get no answer at all, 1 for a detail.
signals   what people and imports report, as the sum of its POINTS; every flag counts, and at most five reports.

A row needs a gap or a signal, and a code also needs a look-up, a flag or a conflict. Codes without any of these follow
in the vendor's order if there is room. Only the CONSIDERED codes with the most look-ups are weighed, or all if there is
room. The database ranks, so that it returns only the first rows; `visible_to` then reads them.
"""

from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

DAYS = 28
FAILURES_COUNTED = 5
CONSIDERED = 5_000
"""Number of codes, those with the most look-ups, whose facts are weighed. See Note [Score]."""
EVERY = 1 << 31

POINTS = {
    # gaps
    "bare": 3,
    "nothing_found": 3,
    "torn": 2,
    "draft": 2,
    "unvalidated": 1,
    "undecided": 1,
    # signals
    "flags": 2,
    "proposals": 2,
    "verify": 2,
    "due": 1,
    "failed": 1,
}
"""The weight of each fact. See Note [Score]."""

# A double, because in PostgreSQL the logarithm of a numeric takes a hundred times as long.
_SCORE = "(1 + ln(CAST(1 + lookups AS double precision))) * (1 + gap) * (1 + signals)"


def since() -> date:
    """Return the first day whose look-ups count."""
    return timezone.now().date() - timedelta(days=DAYS - 1)


def rank(facts: str, parameters: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """Return the rows with the highest scores of a SELECT with `id`, `lookups`, `gap`, `signals` and other columns."""
    adapted = {n: connection.ops.adapt_datefield_value(v) if isinstance(v, date) else v for n, v in parameters.items()}
    sql = (
        f"SELECT facts.*, {_SCORE} AS score FROM ({facts}) AS facts WHERE gap + signals > 0"  # noqa: S608 - our own
        " ORDER BY score DESC, id LIMIT %(limit)s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, adapted | {"limit": limit})
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    # PostgreSQL returns sums as other types of numbers.
    return [row | {"lookups": int(row["lookups"]), "score": float(row["score"])} for row in rows]


def _points(*names: str) -> str:
    """Return a sum in SQL: the weights of these facts."""
    return " + ".join(f"{POINTS[name]} * {name}" for name in names)


_DEMAND = "(SELECT code_id, SUM(lookups) AS lookups FROM kb_codeuse WHERE day >= %(since)s GROUP BY code_id)"

_MOST_ASKED = "(SELECT code_id FROM demand ORDER BY lookups DESC, code_id LIMIT %(considered)s)"

_FLAGS = """
    SELECT {0}_id, COUNT(*) AS flags, MIN(id) AS flag_id FROM kb_flag
    WHERE state = 'open' AND {1} AND (%(owner)s IS NULL OR owner_id = %(owner)s) GROUP BY {0}_id
"""

# An import's conflict counts until a person saves the code.
CODES = f"""
    WITH demand AS {_DEMAND},
    flagged AS ({_FLAGS.format("code", "note_id IS NULL")}),
    torn AS (
        SELECT DISTINCT r.return_code_id AS code_id FROM kb_importrow AS r
        JOIN kb_tableimport AS i ON i.id = r.table_import_id
        WHERE i.state = 'applied' AND r.kind = 'conflict' AND r.resolution = '' AND %(owner)s IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM kb_historicalreturncode AS h
            WHERE h.id = r.return_code_id AND h.history_date > i.applied_at AND h.table_import_id IS NULL
        )
    ),
    asked AS (
        SELECT c.id, c.table_id, c.number, c.disposition FROM (
            SELECT code_id FROM {_MOST_ASKED} AS most WHERE %(owner)s IS NULL
            UNION SELECT code_id FROM flagged UNION SELECT code_id FROM torn
        ) AS any_of JOIN kb_returncode AS c ON c.id = any_of.code_id AND c.retired_at IS NULL
    ),
    noted AS (
        SELECT a.returncode_id AS code_id FROM asked
        JOIN kb_troubleshootingnote_codes AS a ON a.returncode_id = asked.id
        JOIN kb_troubleshootingnote AS n ON n.id = a.troubleshootingnote_id WHERE n.state <> 'archived'
        UNION
        SELECT asked.id FROM kb_troubleshootingnote_ranges AS a
        JOIN kb_troubleshootingnote AS n ON n.id = a.troubleshootingnote_id AND n.state <> 'archived'
        JOIN kb_coderange AS b ON b.id = a.coderange_id
        JOIN asked ON asked.table_id = b.table_id AND asked.number BETWEEN b.first AND b.last
    ),
    facts AS (
        SELECT c.id, COALESCE(d.lookups, 0) AS lookups, COALESCE(f.flags, 0) AS flags, f.flag_id,
            CASE WHEN t.code_id IS NULL THEN 0 ELSE 1 END AS torn,
            CASE WHEN c.disposition = 'unknown' THEN 1 ELSE 0 END AS undecided,
            CASE WHEN n.code_id IS NULL THEN 1 ELSE 0 END AS bare
        FROM asked AS c LEFT JOIN demand AS d ON d.code_id = c.id LEFT JOIN flagged AS f ON f.code_id = c.id
        LEFT JOIN torn AS t ON t.code_id = c.id LEFT JOIN noted AS n ON n.code_id = c.id
    )
    SELECT facts.*, {_points("bare", "undecided", "torn")} AS gap, {_points("flags")} AS signals FROM facts
"""  # noqa: S608 - our own names

# For an editor, a wait for a reviewer does not count. For a reviewer, only notes that wait for one are listed.
NOTES = f"""
    WITH demand AS {_DEMAND},
    flagged AS ({_FLAGS.format("note", "note_id IS NOT NULL")}),
    failures AS (
        SELECT note_id, SUM(count) AS failed FROM kb_noteoutcome
        WHERE outcome = 'did_not_work' AND day >= %(since)s GROUP BY note_id
    ),
    proposed AS (
        SELECT note_id, COUNT(*) AS proposals, MIN(id) AS proposal_id FROM kb_proposal
        WHERE state = 'open' AND COALESCE(author_id, 0) <> %(reviewer)s GROUP BY note_id
    ),
    about AS (
        SELECT a.troubleshootingnote_id AS note_id, d.code_id, d.lookups FROM demand AS d
        JOIN kb_troubleshootingnote_codes AS a ON a.returncode_id = d.code_id
        UNION
        SELECT a.troubleshootingnote_id, d.code_id, d.lookups FROM kb_troubleshootingnote_ranges AS a
        JOIN kb_coderange AS b ON b.id = a.coderange_id
        JOIN kb_returncode AS c ON c.table_id = b.table_id AND c.number BETWEEN b.first AND b.last
        JOIN demand AS d ON d.code_id = c.id
    ),
    asked AS (SELECT note_id, SUM(lookups) AS lookups FROM about GROUP BY note_id),
    facts AS (
        SELECT n.id, COALESCE(a.lookups, 0) AS lookups, COALESCE(f.flags, 0) AS flags, f.flag_id,
            COALESCE(o.failed, 0) AS failed, n.verify_reason, n.review_on,
            CASE WHEN n.state = 'draft' THEN 1 ELSE 0 END AS draft,
            COALESCE(p.proposals, 0) AS proposals, p.proposal_id,
            CASE WHEN n.state = 'not_validated' AND %(reviewer)s IS NOT NULL THEN 1 ELSE 0 END AS unvalidated,
            CASE WHEN n.state <> 'draft' AND n.verify_since IS NOT NULL THEN 1 ELSE 0 END AS verify,
            CASE WHEN n.state <> 'draft' AND n.review_on <= %(today)s THEN 1 ELSE 0 END AS due
        FROM kb_troubleshootingnote AS n LEFT JOIN asked AS a ON a.note_id = n.id
        LEFT JOIN flagged AS f ON f.note_id = n.id LEFT JOIN failures AS o ON o.note_id = n.id
        LEFT JOIN proposed AS p ON p.note_id = n.id
        WHERE n.state <> 'archived'
        AND (%(reviewer)s IS NULL OR n.state = 'not_validated' OR p.proposals > 0)
        AND (%(owner)s IS NULL OR n.owner_id = %(owner)s OR f.flags > 0)
    )
    SELECT facts.*, {_points("draft", "unvalidated")} AS gap,
        {_points("flags", "proposals", "verify", "due")}
        + {POINTS["failed"]} * CASE WHEN failed < {FAILURES_COUNTED} THEN failed ELSE {FAILURES_COUNTED} END AS signals
    FROM facts
"""  # noqa: S608 - our own names

# A text with a masked part is not a code.
MISSES = f"""
    SELECT m.text AS id, SUM(m.lookups) AS lookups, COUNT(*) AS days, {POINTS["nothing_found"]} AS gap, 0 AS signals
    FROM kb_miss AS m WHERE m.day >= %(since)s AND m.text NOT LIKE '%%•%%'
    AND NOT EXISTS (SELECT 1 FROM kb_ignoredmiss AS i WHERE i.text = m.text) GROUP BY m.text
"""  # noqa: S608 - our own names
