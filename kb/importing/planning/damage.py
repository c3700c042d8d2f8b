"""Codes of a file that a spreadsheet damaged: which stored codes, that the file otherwise lacks, they were.

`5` was `05`, `005` was `5` where all codes have three digits, `101.0` was `101`, `6.603E+08` was `660300001`, `1-Feb`
was `1-2`. Where exactly one stored code fits, the plan uses it, and nothing is applied until somebody has agreed. Where
several fit, the row is an error. More zeros than the stored code has are no damage: the file spells it better.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from django.db.models.functions import Length

from kb.importing import stage
from kb.importing.planning import matches
from kb.importing.reading.choices import FileQuestion, Offer, ask
from kb.importing.reading.damage import (
    DATE,
    DIGITS,
    DOTS,
    EXACT_DIGITS,
    LOSSY,
    POINT_ZERO,
    TIME,
    Originals,
    without_point_zero,
)
from kb.importing.reading.sheets import Problem
from kb.models import CodeTable, sql
from kb.text.codes import forms

_EXAMPLES = 3
_LONGEST_DATE = 12
"""Most characters of a stored code that may have become a date."""

_OUTCOMES = {
    ("damage", "restore"): "The stored codes are used",
    ("damage", "keep"): "They are new codes",
    ("zeros", "file"): "The codes get the zeros of the file",
    ("zeros", "new"): "They are new codes",
}
_UNMATCHED = "s.kind IS NULL AND s.code_id IS NULL"
_LACKING = "c.retired_at IS NULL AND NOT EXISTS (SELECT 1 FROM kb_staging AS o WHERE o.code_id = c.id)"
"""Condition on a stored code: the vendor listed it, and the file does not."""


class DamagedCodes:
    """Finds the stored codes of damaged ones. `damaged` has, by row, the code and the damage that the reader saw."""

    def __init__(
        self,
        table: CodeTable,
        damaged: Mapping[int, tuple[str, str]],
        answers: Mapping[str, str],
        remembered: Mapping[str, str],
        place: str,
    ) -> None:
        self.table = table
        self.damaged = damaged
        self.answers = answers
        self.remembered = remembered
        """The answers about the last file: the defaults of this one."""
        self.place = place
        self.questions: list[FileQuestion] = []
        self.problems: list[Problem] = []

    def match(self, has_sections: bool, complete: bool) -> None:
        """Match damaged rows to stored codes, or mark them as errors; note the questions or warnings about them."""
        if self.table.pk and sql.value(f"SELECT EXISTS (SELECT 1 FROM kb_staging AS s WHERE {_UNMATCHED})"):  # noqa: S608
            self._match_better_spelt(complete)
            self._find_pairs()
            pairs = sql.rows(_EXAMPLE_PAIRS.format(_EXAMPLES))
            if pairs:
                self._tell(pairs, short := self._short_codes())
                if self._answer("damage") != "keep":
                    self._add_zeros(short, has_sections)
        if self._answer("damage") != "keep":
            sql.run(_RESTORE)
            sql.run(_MARK_UNSURE)
            self._mark_lost()

    def _answer(self, kind: str) -> str:
        return self.answers.get(kind) or self.remembered.get(kind, "")

    def _match_better_spelt(self, complete: bool) -> None:
        """Match rows that have more zeros than the stored code; the plan changes its spelling."""
        sql.run(_FIND_BETTER_SPELT.format(lacking=_LACKING, unmatched=_UNMATCHED, place=self.place), self.table.pk)
        sql.run(_COUNT)
        pairs = sql.rows(_EXAMPLE_PAIRS.format(_EXAMPLES))
        if pairs:
            count = sql.value("SELECT count(*) FROM kb_pair WHERE rows = 1 AND codes = 1")
            examples = ", ".join(f"{code} for {stored}" for code, stored in pairs)
            more = f" and {count - len(pairs)} more" if count > len(pairs) else ""
            message = f"The file writes {_codes(count)} with more zeros than the table: {examples}{more}."
            # A file of a part may lack the shorter code because that is another one.
            default = self.remembered.get("zeros") or ("file" if complete else "")
            self._ask("zeros", message, ask("zeros", message, default))
        if self._answer("zeros") != "new":
            sql.run(_TAKE)
        sql.run("DELETE FROM kb_pair")

    def _short_codes(self) -> list[tuple[int, str, str]]:
        """Return the new codes that are shorter than all codes of the table, where the others lost their zeros.

        Each is (number of the row, the code, the code with the zeros).
        """
        width, others = sql.rows(_WIDTH, self.table.pk, self.table.pk)[0]
        if not width or width != others:
            return []
        return [(ord_, code, code.zfill(width)) for ord_, code in sql.rows(_SHORT.format(_UNMATCHED), width)]

    def _add_zeros(self, short: list[tuple[int, str, str]], has_sections: bool) -> None:
        for ord_, _, code in short:
            values = forms.forms(code)
            sql.run("UPDATE kb_staging SET code = %s, identity = %s WHERE ord = %s", code, values.identity, ord_)
        if short:
            # The table may have retired a code of that spelling.
            (matches.match_in_section if has_sections else matches.match_in_table)(self.table)
            matches.match_tombstones(self.table, has_sections)

    def mention(self) -> None:
        """Keep the stored codes that an error may mean from being retired."""
        sql.run(_MENTION)

    def _find_pairs(self) -> None:
        stage.fill("kb_damage", ("ord", "low", "high", "identity"), [*self._spans(), *self._dates()])
        sql.run(_FIND.format(lacking=_LACKING, unmatched=_UNMATCHED, place=self.place), *[self.table.pk] * 3)
        sql.run(_COUNT)

    def _spans(self) -> Iterator[tuple[int, str | None, str | None, str | None]]:
        """Yield the sort keys between which the number of a damaged row was."""
        for ord_, (code, kind) in self.damaged.items():
            first, last = _ends(code, kind) if kind not in (DATE, TIME) else (1, 0)
            if -forms.MAX_NUMBER <= first <= last <= forms.MAX_NUMBER:
                yield ord_, forms.sort_key(str(first)), forms.sort_key(str(last)), None

    def _dates(self) -> Iterator[tuple[int, str | None, str | None, str | None]]:
        """Yield the identities of the stored codes that may have become the date or time of a row."""
        dates = [(ord_, code) for ord_, (code, kind) in self.damaged.items() if kind in (DATE, TIME)]
        if dates:
            of_table = self.table.codes.current().filter(number=None)
            short = of_table.annotate(size=Length("code")).filter(size__lte=_LONGEST_DATE)
            originals = Originals(short.values_list("code", flat=True).iterator())
            for ord_, code in dates:
                yield from ((ord_, None, None, forms.identity(stored)) for stored in originals.of(code))

    def _tell(self, pairs: list[tuple[str, str]], short: list[tuple[int, str, str]]) -> None:
        count = sql.value("SELECT count(*) FROM kb_pair WHERE rows = 1 AND codes = 1")
        examples = ", ".join(f"{code} for {stored}" for code, stored in pairs)
        more = f" and {count - len(pairs)} more" if count > len(pairs) else ""
        verb = "seems" if count == 1 else "seem"
        message = f"{_codes(count)} of the file {verb} damaged by a spreadsheet: {examples}{more}."
        question = ask("damage", message, self.remembered.get("damage", ""))
        if short:
            zeros = ", ".join(f"{fuller} for {code}" for _, code, fuller in short[:_EXAMPLES])
            message += f" New codes seem to have lost their zeros, too ({len(short)}): {zeros}."
            restore = Offer("Use the stored codes, and add the zeros to the new ones", question.offers[0].choices)
            default = restore.label if question.default == question.offers[0].label else question.default
            question = FileQuestion("damage", message, (restore, *question.offers[1:]), default)
        self._ask("damage", message, question)

    def _ask(self, kind: str, message: str, question: FileQuestion) -> None:
        """Note a question, or the warning about its answer."""
        if answer := self.answers.get(kind):
            message = f"{message} {_OUTCOMES[kind, answer]}, as somebody chose."
            self.problems.append(Problem(None, "damage", message, severity="warning"))
        else:
            self.questions.append(question)

    def _mark_lost(self) -> None:
        lost = [ord_ for ord_, (_, kind) in self.damaged.items() if kind in LOSSY]
        for batch in sql.batches(lost, 500):
            sql.run(_MARK_LOST.format(", ".join(map(str, batch))))


def place_sql(has_sections: bool, complete: bool) -> str:
    """Return the SQL condition on where the stored code of a damaged row is: in its section, or where that is new.

    A complete file shows which section has another name; in a file of a part, any may have.
    """
    if not has_sections:
        return "1 = 1"
    return "c.section_id = s.section_id" if complete else "(c.section_id = s.section_id OR s.section_id IS NULL)"


def _ends(code: str, kind: str) -> tuple[int, int]:
    """Return the least and the greatest number that a damaged code may have been."""
    if kind == POINT_ZERO:
        return (int(without_point_zero(code)),) * 2
    if kind == DOTS:
        return (int(code.replace(".", "")),) * 2
    if kind == DIGITS:
        return int(code), int(code) + 10 ** (len(code) - EXACT_DIGITS) - 1
    digits, _, exponent = code.replace(",", ".").upper().partition("E")
    if int(exponent) > len(str(forms.MAX_NUMBER)):
        return forms.MAX_NUMBER + 1, forms.MAX_NUMBER + 1
    half = Decimal(10) ** (int(exponent) - len(digits.partition(".")[2])) / 2
    value = Decimal(f"{digits}E{exponent}")
    return int(value - half), int(value + half)


def _codes(number: int) -> str:
    return f"{number} code{'' if number == 1 else 's'}"


_FIND = """
    INSERT INTO kb_pair (ord, code_id)
    SELECT s.ord, c.id FROM kb_staging AS s JOIN kb_returncode AS c ON c.sort_key = s.sort_key AND c.table_id = %s
    WHERE {unmatched} AND s.number IS NOT NULL AND {lacking} AND {place}
    AND length(c.identity) > length(s.identity) AND c.identity LIKE '0%%' AND c.identity NOT LIKE '0X%%'
    AND (s.identity = '0' OR s.identity NOT LIKE '0%%')
    UNION
    SELECT s.ord, c.id FROM kb_damage AS d JOIN kb_staging AS s ON s.ord = d.ord
        JOIN kb_returncode AS c ON c.sort_key >= d.low AND c.sort_key <= d.high AND c.table_id = %s
    WHERE {unmatched} AND {lacking} AND {place} AND c.identity NOT LIKE '0X%%'
    UNION
    SELECT s.ord, c.id FROM kb_damage AS d JOIN kb_staging AS s ON s.ord = d.ord
        JOIN kb_returncode AS c ON c.identity = d.identity AND c.table_id = %s
    WHERE {unmatched} AND {lacking} AND {place}
"""
_FIND_BETTER_SPELT = """
    INSERT INTO kb_pair (ord, code_id)
    SELECT s.ord, c.id FROM kb_staging AS s JOIN kb_returncode AS c ON c.sort_key = s.sort_key AND c.table_id = %s
    WHERE {unmatched} AND s.number IS NOT NULL AND {lacking} AND {place}
    AND s.identity LIKE '0%%' AND s.identity NOT LIKE '0X%%' AND length(s.identity) > length(c.identity)
    AND length(s.identity) = (SELECT min(length(o.identity)) FROM kb_staging AS o WHERE o.number IS NOT NULL)
"""
_TAKE = """
    UPDATE kb_staging SET code_id = c.id, section_id = c.section_id
    FROM kb_pair AS p JOIN kb_returncode AS c ON c.id = p.code_id
    WHERE p.ord = kb_staging.ord AND p.rows = 1 AND p.codes = 1
"""
_WIDTH = """
    SELECT
        (SELECT min(length(c.identity)) FROM kb_returncode AS c
        WHERE c.table_id = %s AND c.retired_at IS NULL AND c.number IS NOT NULL),
        (SELECT max(length(c.identity)) FROM kb_pair AS p JOIN kb_returncode AS c ON c.id = p.code_id
        WHERE c.table_id = %s AND c.identity LIKE '0%%' AND c.number IS NOT NULL)
"""
_SHORT = """
    SELECT s.ord, s.code FROM kb_staging AS s WHERE {} AND s.number > 0 AND s.identity NOT LIKE '0%%'
    AND length(s.identity) < %s AND NOT EXISTS (SELECT 1 FROM kb_pair AS p WHERE p.ord = s.ord)
    AND NOT EXISTS (SELECT 1 FROM kb_staging AS o WHERE o.sort_key = s.sort_key AND o.ord <> s.ord) ORDER BY s.ord
"""
_COUNT = """
    UPDATE kb_pair SET rows = n.rows, codes = n.codes FROM (
        SELECT ord, code_id, count(*) OVER (PARTITION BY code_id) AS rows, count(*) OVER (PARTITION BY ord) AS codes
        FROM kb_pair
    ) AS n WHERE n.ord = kb_pair.ord AND n.code_id = kb_pair.code_id
"""
_EXAMPLE_PAIRS = """
    SELECT s.code, c.code FROM kb_pair AS p JOIN kb_staging AS s ON s.ord = p.ord
        JOIN kb_returncode AS c ON c.id = p.code_id
    WHERE p.rows = 1 AND p.codes = 1 ORDER BY p.ord LIMIT {}
"""
_RESTORE = """
    UPDATE kb_staging SET code_id = c.id, section_id = c.section_id, code = c.code, identity = c.identity,
        canonical = c.canonical, number = c.number, sort_key = c.sort_key
    FROM kb_pair AS p JOIN kb_returncode AS c ON c.id = p.code_id
    WHERE p.ord = kb_staging.ord AND p.rows = 1 AND p.codes = 1
"""
_MARK_UNSURE = """
    UPDATE kb_staging SET kind = 'error',
        message = kb_staging.code || ' seems damaged by a spreadsheet, and several stored codes fit, such as '
            || p.code || '. Write the code as it is.'
    FROM (
        SELECT p.ord, min(c.code) AS code FROM kb_pair AS p JOIN kb_returncode AS c ON c.id = p.code_id
        WHERE p.rows > 1 OR p.codes > 1 GROUP BY p.ord
    ) AS p WHERE p.ord = kb_staging.ord
"""
_MARK_LOST = """
    UPDATE kb_staging SET kind = 'error',
        message = code || ' lost digits in a spreadsheet, and no stored code fits. Format the column as text.'
    WHERE kind IS NULL AND code_id IS NULL AND ord IN ({})
"""
_MENTION = """
    INSERT INTO kb_mentioned SELECT DISTINCT c.identity FROM kb_pair AS p
        JOIN kb_staging AS s ON s.ord = p.ord JOIN kb_returncode AS c ON c.id = p.code_id WHERE s.kind = 'error'
    ON CONFLICT DO NOTHING
"""
