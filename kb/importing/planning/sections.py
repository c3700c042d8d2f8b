"""Sections that a file calls by other names. A renamed section keeps its codes, with their notes and history.

A new name stands for a stored section that the file lacks where both names are the same but for case, punctuation and
white space. In a complete file also where both have mostly the same codes: such as where a vendor renames all sections.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping

from django.db.models import Count

from kb.importing import stage
from kb.importing.planning.weights import FIRST
from kb.importing.reading.sheets import Problem
from kb.models import CodeTable, ImportRow, RowKind, TableImport, sql
from kb.models.table_imports import Extent

_MAX_SECTIONS = 300
"""Most new, and most lost, names whose codes are compared: each pair may share codes."""

Renames = dict[int, str]
"""The new names of stored sections, by their ids."""


def match_renamed(table: CodeTable, new_names: Mapping[str, int], complete: bool) -> Renames:
    """Give staged rows of renamed sections the stored section; return the new names.

    `new_names` has the names in the file that no stored section has, with the first row of each.
    """
    if not new_names:
        return {}
    there = {pk for (pk,) in sql.rows("SELECT DISTINCT section_id FROM kb_staging WHERE section_id IS NOT NULL")}
    lost = {section.pk: section.name for section in table.sections.with_codes() if section.pk not in there}
    renames = _same_names(lost, new_names)
    rest = set(new_names) - set(renames.values())
    if complete and 0 < len(rest) <= _MAX_SECTIONS and 0 < len(lost) - len(renames) <= _MAX_SECTIONS:
        others = [pk for pk in lost if pk not in renames]
        renames |= _same_codes(table, others, {name: new_names[name] for name in rest})
    if renames:
        stage.fill("kb_renamed", ("section_id", "name"), renames.items())
        sql.run(
            "UPDATE kb_staging SET section_id = n.section_id FROM kb_renamed AS n"
            " WHERE n.name = kb_staging.section_name"
        )
    return renames


def without_any(table: CodeTable, lacks_sections: bool) -> list[Problem]:
    """Return the warning about a file without sections, for a table that has several; [] otherwise."""
    if not (lacks_sections and table.pk and table.sections.with_codes().count() > 1):
        return []
    message = "The file has no sections any more: its codes stay in the sections that they have."
    return [Problem(None, "no_sections", message, severity="warning")]


def _same_names(lost: dict[int, str], new_names: Mapping[str, int]) -> Renames:
    """Return the sections whose name is the same in plain letters, where that holds for one old and one new name."""
    plain = Counter(map(_plain, (*lost.values(), *new_names)))
    by_plain = {_plain(name): name for name in new_names}
    pairs = {pk: by_plain.get(_plain(name)) for pk, name in lost.items() if plain[_plain(name)] == 2 and _plain(name)}
    return {pk: name for pk, name in pairs.items() if name is not None}


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


def _same_codes(table: CodeTable, lost: list[int], new_names: Mapping[str, int]) -> Renames:
    """Return the sections most of whose codes, at least two, are in one new section that has few others.

    Where the same numbers are in several sections, the words decide, then the order. One code with the same words is
    enough where there are as many lost names as new ones: alone, it may as well have moved.
    """
    is_even = len(lost) == len(new_names) > 1
    stage.fill("kb_renamed", ("section_id", "name"), [*((pk, None) for pk in lost), *((None, n) for n in new_names)])
    old_sizes, new_sizes = dict(sql.rows(_OLD_SIZES)), dict(sql.rows(_NEW_SIZES))
    order = {pk: n for n, pk in enumerate(table.sections.values_list("pk", flat=True))}
    pairs = [
        (-same, -shared, order[pk], new_names[name], pk, name)
        for pk, name, shared, same in sql.rows(_PAIRS)
        if 2 * shared > max(old_sizes[pk], new_sizes[name]) and (shared > 1 or (is_even and same))
    ]
    renames: Renames = {}
    for *_, pk, name in sorted(pairs):
        if pk not in renames and name not in renames.values():
            renames[pk] = name
    sql.run("DELETE FROM kb_renamed")
    return renames


_OLD_SIZES = """
    SELECT c.section_id, count(*) FROM kb_renamed AS o JOIN kb_returncode AS c ON c.section_id = o.section_id
    WHERE c.retired_at IS NULL GROUP BY c.section_id
"""
_NEW_SIZES = """
    SELECT s.section_name, count(*) FROM kb_renamed AS n JOIN kb_staging AS s ON s.section_name = n.name
    WHERE s.kind IS NULL GROUP BY s.section_name
"""
# A spreadsheet may have taken the zeros of the codes, too, so that only their numbers are the same.
_PAIRS = """
    SELECT c.section_id, s.section_name, count(DISTINCT c.id),
        count(DISTINCT CASE WHEN s.description = c.vendor_description AND s.description <> '' THEN c.id END)
    FROM kb_renamed AS o JOIN kb_returncode AS c ON c.section_id = o.section_id
        JOIN kb_staging AS s ON s.sort_key = c.sort_key
        JOIN kb_renamed AS n ON n.name = s.section_name
    WHERE c.retired_at IS NULL AND s.kind IS NULL GROUP BY c.section_id, s.section_name
"""


def store_renamed(table_import: TableImport, renames: Renames) -> None:
    """Store one row for each renamed section, which says how many codes it has, and how many of them change."""
    if not renames:
        return
    assert table_import.table is not None
    sizes = dict(sql.rows(_SIZES))
    changed_rows = table_import.rows.filter(section__in=renames, extent=Extent.WORDS)
    reworded = dict(changed_rows.order_by().values_list("section").annotate(n=Count("pk")))
    for section in table_import.table.sections.filter(pk__in=renames):
        name, codes = renames[section.pk], sizes.get(section.pk, 0)
        row = ImportRow(table_import=table_import, kind=RowKind.SECTION, section=section, section_name=name)
        row.weight = FIRST
        row.message = (
            f"{section} is now {name or '(no section)'}: {_codes(codes)}, {reworded.get(section.pk, 0)} reworded."
        )
        row.fields, row.before = ["name"], {"name": section.name}
        row.save()


_SIZES = """
    SELECT s.section_id, count(*) FROM kb_staging AS s JOIN kb_renamed AS n ON n.section_id = s.section_id
    WHERE s.code_id IS NOT NULL GROUP BY s.section_id
"""


def _codes(number: int) -> str:
    return f"{number} code{'' if number == 1 else 's'}"
