"""The names of sections that an import changes, and that its roll-back gives back."""

from kb.importing.errors import PlanIsStale
from kb.models import ImportRow, RowKind, Section, TableImport
from kb.services import journal
from kb.services.journal import JournalEntry


def rename(table_import: TableImport, entry: JournalEntry) -> None:
    """Give sections the names of a plan. Raises PlanIsStale where a section was renamed since."""
    names: dict[Section, str] = {}
    for row in _renamed(table_import):
        assert row.section_id is not None
        section = entry.lock(Section, row.section_id)
        if section.name != row.before["name"]:
            raise PlanIsStale([f"The section {row.before['name']} was renamed."])
        names[section] = row.section_name
    for section in _give(names, entry):
        raise PlanIsStale([f"Another section is called {names[section]} now."])


def restore(original: TableImport, reversal: TableImport, entry: JournalEntry) -> None:
    """Give sections the names from before an import; one that was renamed since keeps its name, with a warning."""
    records: dict[Section, ImportRow] = {}
    for row in _renamed(original):
        assert row.section_id is not None
        section = entry.lock(Section, row.section_id)
        record = ImportRow(table_import=reversal, section=section, fields=["name"], kind=RowKind.SECTION)
        record.section_name, record.before = former_name(row), {"name": section.name}
        record.message = f"{section} is {record.section_name or '(no section)'} again."
        if section.name != row.section_name:
            _leave(record, section, "it was renamed again")
        records[section] = record
    names = {section: record.section_name for section, record in records.items() if record.kind == RowKind.SECTION}
    for section in _give(names, entry):
        _leave(records[section], section, f"another one is called {names[section]} now")
    for record in records.values():
        record.save()


def former_names(original: TableImport) -> list[str]:
    """Say which sections get their former names back where an import is rolled back."""
    rows = [row for row in _renamed(original) if row.section and row.section.name == row.section_name]
    return [f"{row.section_name} is {former_name(row) or '(no section)'} again" for row in rows]


def _leave(record: ImportRow, section: Section, reason: str) -> None:
    record.kind, record.section_name = RowKind.WARNING, section.name
    record.message = f"The name of section {section} stays: {reason}."


def _give(names: dict[Section, str], entry: JournalEntry) -> list[Section]:
    """Rename sections all at once, because one may get the name of another; return those whose name is not free.

    A section without codes gives its name away and gets one that became free.
    """
    names, refused = dict(names), []
    empty: list[Section] = []
    while names:
        table = next(iter(names)).table_id
        others = Section.objects.filter(table=table, name__in=names.values()).exclude(pk__in=[one.pk for one in names])
        taken = {other.name for other in others if other.codes.published().exists()}
        empty = [other for other in others if other.name not in taken]
        losers = [section for section, name in names.items() if name in taken]
        if not losers:
            break
        # One that keeps its name may stand in the way of the next.
        refused += losers
        names = {section: name for section, name in names.items() if section not in losers}
    free = {section.name: section.name for section in names if section.name not in names.values()}
    heirs = {name: section.name for section, name in names.items()}
    for other in empty:
        former = heirs[other.name] if heirs[other.name] in free else next(iter(free))
        names[other] = free.pop(former)
    for section in names:
        Section.objects.filter(pk=section.pk).update(name=f"\x01{section.pk}")
    for section, name in names.items():
        entry.update(section, journal.set_fields(section, {"name": name}))
    return refused


def former_name(row: ImportRow) -> str:
    """Return the name that a section had before an import, and before those that could not be rolled back alone."""
    name: str = row.before["name"]
    earlier = ImportRow.objects.filter(
        kind=RowKind.SECTION,
        section=row.section_id,
        table_import__lt=row.table_import_id,
        table_import__rolls_back=None,
    )
    for former in earlier.to_apply().select_related("table_import").order_by("-table_import"):
        waits = ImportRow.objects.filter(
            kind=RowKind.WARNING, section=row.section_id, table_import__rolls_back=former.table_import_id
        )
        if former.section_name != name or not waits.filter(fields=["name"]).exists():
            break
        name = former.before["name"]
    return name


def _renamed(table_import: TableImport) -> list[ImportRow]:
    if not table_import.counts.get(RowKind.SECTION):
        return []
    return list(table_import.rows.to_apply().filter(kind=RowKind.SECTION).order_by("section"))
