"""Codes that a file lists in another section than the table does.

Only a complete file proves that a code has moved. In a file of a part, the same number may be a second code, or the
section may have another name there: somebody has to say.
"""

from collections.abc import Mapping

from kb.importing.planning import matches
from kb.importing.reading.choices import FileQuestion, ask
from kb.importing.reading.sheets import Problem
from kb.models import CodeTable, sql
from kb.text.codes.cells import shorten

_EXAMPLES = 3


class OtherSections:
    """Matches the rows of a file to codes in other sections; notes the question or the warning about them."""

    def __init__(
        self, table: CodeTable, complete: bool, answers: Mapping[str, str], remembered: Mapping[str, str]
    ) -> None:
        self.table, self.complete = table, complete
        self.answer, self.remembered = answers.get("sections", ""), remembered.get("sections", "")
        self.questions: list[FileQuestion] = []
        self.problems: list[Problem] = []

    def match(self) -> None:
        """Match the rows that have no code yet."""
        if self.complete:
            matches.match_other_sections(self.table)
            return
        sql.run(_FIND, self.table.pk)
        ((count, doubts, names, name),) = sql.rows(_COUNT)
        if count:
            self._tell(
                count, doubts, f"the section {shorten(name) or '(no section)'}" if names == 1 else "other sections"
            )
        if (self.answer or self.remembered) == "same":
            sql.run(_TAKE)
        sql.run("DELETE FROM kb_pair")
        matches.hint_at_other_section(self.table)

    def _tell(self, count: int, doubts: int, place: str) -> None:
        examples = ", ".join(code for (code,) in sql.rows(_EXAMPLE_CODES))
        more = f" and {count - _EXAMPLES} more" if count > _EXAMPLES else ""
        some, verb = ("1 code", "stands") if count == 1 else (f"{count} codes", "stand")
        message = f"{some} of this file {verb} in {place} already: {examples}{more}."
        if not self.answer:
            self.questions.append(ask("sections", message, self.remembered or ("" if doubts else "new")))
            return
        outcome = "The stored codes are used" if self.answer == "same" else "They are new codes"
        self.problems.append(Problem(None, "sections", f"{message} {outcome}, as somebody chose.", severity="warning"))


_FIND = f"""
    INSERT INTO kb_pair (ord, code_id)
    SELECT s.ord, c.id FROM kb_staging AS s JOIN ({matches.ONE_IN_TABLE}) AS c ON c.identity = s.identity
    WHERE s.kind IS NULL AND s.code_id IS NULL AND {matches.ONE_IN_FILE}
    AND EXISTS (SELECT 1 FROM kb_returncode AS r WHERE r.id = c.id AND r.retired_at IS NULL)
"""  # noqa: S608
# A section that the table lacks may be one of its own under another name, and the same words may be of the same code.
_COUNT = """
    SELECT count(*),
        sum(CASE WHEN s.section_id IS NULL OR (s.description = c.vendor_description AND s.description <> '')
            THEN 1 ELSE 0 END), count(DISTINCT n.id), min(n.name)
    FROM kb_pair AS p JOIN kb_staging AS s ON s.ord = p.ord JOIN kb_returncode AS c ON c.id = p.code_id
        JOIN kb_section AS n ON n.id = c.section_id
"""
_EXAMPLE_CODES = f"""
    SELECT s.code FROM kb_pair AS p JOIN kb_staging AS s ON s.ord = p.ord ORDER BY p.ord LIMIT {_EXAMPLES}
"""  # noqa: S608
_TAKE = """
    UPDATE kb_staging SET code_id = c.id, section_id = c.section_id
    FROM kb_pair AS p JOIN kb_returncode AS c ON c.id = p.code_id WHERE p.ord = kb_staging.ord
"""
