"""Rank codes, notes and misses in the database: the facts, and the formula that weighs them.

# Note [Score]
    score = (1 + ln(1 + demand)) x (1 + gap) x (1 + signals)

demand    look-ups of the last 28 days: of the code, of every code of the note, or of the search without an answer.
          Because of the logarithm, a flagged code with one look-up a day can rank beside the hundred codes with the
          most look-ups.
gap       what is missing, as the sum of its POINTS: 3 if agents get no answer at all, 1 for a detail.
signals   what people and imports report, as the sum of its POINTS; every flag counts, and at most five reports.

A row needs a gap or a signal, and a code also needs a look-up, a flag or a conflict. Codes without any of these follow
in the vendor's order if there is room. The database ranks, so that it returns only the first rows; `visible_to` then
reads them.

# Note [Considered]
Weighing every look-up and every note of a large site takes seconds, so the first attempt weighs few: the CONSIDERED
codes with the most look-ups of each day, what is flagged or torn, and of the notes also those on these codes, those
that failed or have a proposal, and the first CONSIDERED that need attention, are due or wait for a reviewer. An index
finds each of them. If these are less than a page, everything is weighed.
"""

from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

DAYS = 28
FAILURES_COUNTED = 5
CONSIDERED = 200
"""Number of codes, those with the most look-ups of a day, and of notes that are weighed. See Note [Considered]."""
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


def every_day() -> dict[str, date]:
    """Return the days whose look-ups count, as parameters of CODES and NOTES."""
    first = since()
    return {f"day_{n}": first + timedelta(days=n) for n in range(DAYS)}


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


_DEMAND = "COALESCE((SELECT SUM(u.lookups) FROM kb_codeuse AS u WHERE u.code_id = {} AND u.day >= %(since)s), 0)"

# Each day alone, because an index has them in this order.
_MOST_ASKED = " UNION ".join(
    "SELECT code_id FROM (SELECT code_id FROM kb_codeuse"  # noqa: S608 - our own names
    f" WHERE day = %(day_{n})s ORDER BY lookups DESC, code_id LIMIT %(considered)s) AS day_{n}"
    for n in range(DAYS)
)

_FLAGS = """
    SELECT {0}_id, COUNT(*) AS flags, MIN(id) AS flag_id FROM kb_flag
    WHERE state = 'open' AND {1} AND (%(owner)s IS NULL OR owner_id = %(owner)s) GROUP BY {0}_id
"""

# An import's conflict counts until a person saves the code. `CROSS JOIN` makes SQLite begin with the imports.
CODES = f"""
    WITH flagged AS ({_FLAGS.format("code", "note_id IS NULL")}),
    torn AS (
        SELECT DISTINCT r.return_code_id AS code_id FROM kb_tableimport AS i CROSS JOIN kb_importrow AS r
        WHERE r.table_import_id = i.id AND i.state = 'applied' AND r.kind = 'conflict' AND r.resolution = ''
        AND %(owner)s IS NULL AND NOT EXISTS (
            SELECT 1 FROM kb_historicalreturncode AS h
            WHERE h.id = r.return_code_id AND h.history_date > i.applied_at AND h.table_import_id IS NULL
        )
    ),
    asked AS (
        SELECT c.id, c.table_id, c.number, c.disposition FROM (
            SELECT code_id FROM ({_MOST_ASKED}) AS most WHERE %(owner)s IS NULL
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
        SELECT c.id, {_DEMAND.format("c.id")} AS lookups, COALESCE(f.flags, 0) AS flags, f.flag_id,
            CASE WHEN t.code_id IS NULL THEN 0 ELSE 1 END AS torn,
            CASE WHEN c.disposition = 'unknown' THEN 1 ELSE 0 END AS undecided,
            CASE WHEN n.code_id IS NULL THEN 1 ELSE 0 END AS bare
        FROM asked AS c LEFT JOIN flagged AS f ON f.code_id = c.id
        LEFT JOIN torn AS t ON t.code_id = c.id LEFT JOIN noted AS n ON n.code_id = c.id
    )
    SELECT facts.*, {_points("bare", "undecided", "torn")} AS gap, {_points("flags")} AS signals FROM facts
"""  # noqa: S608 - our own names

# For an editor, a wait for a reviewer does not count. For a reviewer, only notes that wait for one are listed.
_NOTES = f"""
    WITH {{0}}
    flagged AS ({_FLAGS.format("note", "note_id IS NOT NULL")}),
    failures AS (
        SELECT note_id, SUM(count) AS failed FROM kb_noteoutcome
        WHERE outcome = 'did_not_work' AND day >= %(since)s GROUP BY note_id
    ),
    proposed AS (
        SELECT note_id, COUNT(*) AS proposals, MIN(id) AS proposal_id FROM kb_proposal
        WHERE state = 'open' AND COALESCE(author_id, 0) <> %(reviewer)s GROUP BY note_id
    ),
    candidates AS (
        SELECT n.id, n.state, n.owner_id, n.verify_since, n.verify_reason, n.review_on FROM ({{1}}) AS of
        JOIN kb_troubleshootingnote AS n ON n.id = of.note_id WHERE n.state <> 'archived'
    ),
    waiting AS (
        SELECT n.* FROM candidates AS n
        LEFT JOIN flagged AS f ON f.note_id = n.id LEFT JOIN proposed AS p ON p.note_id = n.id
        WHERE (%(reviewer)s IS NULL OR n.state = 'not_validated' OR p.proposals > 0)
        AND (%(owner)s IS NULL OR n.owner_id = %(owner)s OR f.flags > 0)
    ),
    about AS (
        SELECT n.id AS note_id, a.returncode_id AS code_id FROM waiting AS n
        JOIN kb_troubleshootingnote_codes AS a ON a.troubleshootingnote_id = n.id
        UNION
        SELECT n.id, c.id FROM waiting AS n JOIN kb_troubleshootingnote_ranges AS a ON a.troubleshootingnote_id = n.id
        JOIN kb_coderange AS b ON b.id = a.coderange_id
        JOIN kb_returncode AS c ON c.table_id = b.table_id AND c.number BETWEEN b.first AND b.last
    ),
    asked AS (SELECT note_id, SUM({_DEMAND.format("about.code_id")}) AS lookups FROM about GROUP BY note_id),
    facts AS (
        SELECT n.id, COALESCE(a.lookups, 0) AS lookups, COALESCE(f.flags, 0) AS flags, f.flag_id,
            COALESCE(o.failed, 0) AS failed, n.verify_reason, n.review_on,
            CASE WHEN n.state = 'draft' THEN 1 ELSE 0 END AS draft,
            COALESCE(p.proposals, 0) AS proposals, p.proposal_id,
            CASE WHEN n.state = 'not_validated' AND %(reviewer)s IS NOT NULL THEN 1 ELSE 0 END AS unvalidated,
            CASE WHEN n.state <> 'draft' AND n.verify_since IS NOT NULL THEN 1 ELSE 0 END AS verify,
            CASE WHEN n.state <> 'draft' AND n.review_on <= %(today)s THEN 1 ELSE 0 END AS due
        FROM waiting AS n LEFT JOIN asked AS a ON a.note_id = n.id
        LEFT JOIN flagged AS f ON f.note_id = n.id LEFT JOIN failures AS o ON o.note_id = n.id
        LEFT JOIN proposed AS p ON p.note_id = n.id
    )
    SELECT facts.*, {_points("draft", "unvalidated")} AS gap,
        {_points("flags", "proposals", "verify", "due")}
        + {POINTS["failed"]} * CASE WHEN failed < {FAILURES_COUNTED} THEN failed ELSE {FAILURES_COUNTED} END AS signals
    FROM facts
"""  # noqa: S608 - our own names

EVERY_NOTE = _NOTES.format("", "SELECT id AS note_id FROM kb_troubleshootingnote")

_FIRST = "SELECT id FROM (SELECT id FROM kb_troubleshootingnote WHERE {0} ORDER BY {1} LIMIT %(considered)s) AS by_{1}"

# See Note [Considered].
NOTES = _NOTES.format(
    f"most AS ({_MOST_ASKED}),",
    f"""
    SELECT a.troubleshootingnote_id AS note_id FROM most
    JOIN kb_troubleshootingnote_codes AS a ON a.returncode_id = most.code_id
    UNION SELECT a.troubleshootingnote_id FROM most JOIN kb_returncode AS c ON c.id = most.code_id
    JOIN kb_coderange AS b ON b.table_id = c.table_id AND c.number BETWEEN b.first AND b.last
    JOIN kb_troubleshootingnote_ranges AS a ON a.coderange_id = b.id
    UNION SELECT note_id FROM flagged UNION SELECT note_id FROM failures UNION SELECT note_id FROM proposed
    UNION {_FIRST.format("verify_since IS NOT NULL", "verify_since")}
    UNION {_FIRST.format("review_on <= %(today)s", "review_on")}
    UNION {_FIRST.format("state = 'not_validated' AND %(reviewer)s IS NOT NULL", "updated_at")}
    """,  # noqa: S608 - our own names
)

# A text with a masked part is not a code.
MISSES = f"""
    SELECT m.text AS id, SUM(m.lookups) AS lookups, COUNT(*) AS days, {POINTS["nothing_found"]} AS gap, 0 AS signals
    FROM kb_miss AS m WHERE m.day >= %(since)s AND m.text NOT LIKE '%%•%%'
    AND NOT EXISTS (SELECT 1 FROM kb_ignoredmiss AS i WHERE i.text = m.text) GROUP BY m.text
"""  # noqa: S608 - our own names
