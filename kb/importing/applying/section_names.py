"""The names of sections that an import changes, and that its roll-back gives back."""

from kb.importing.errors import PlanIsStale
from kb.models import ImportRow, RowKind, Section, TableImport
from kb.services import journal
from kb.services.journal import JournalEntry


def rename(table_import: TableImport, entry: JournalEntry) -> None:
    """Give sections the names of a plan. Raises PlanIsStale where a section was renamed since."""
    for row in _renamed(table_import):
        assert row.section_id is not None
        section = entry.lock(Section, row.section_id)
        if section.name != row.before["name"]:
            raise PlanIsStale([f"The section {row.before['name']} was renamed."])
        if not _take_name(section, row.section_name, entry):
            raise PlanIsStale([f"Another section is called {row.section_name} now."])


def restore(original: TableImport, reversal: TableImport, entry: JournalEntry) -> None:
    """Give sections the names from before an import; one that was renamed since keeps its name, with a warning."""
    for row in _renamed(original):
        assert row.section_id is not None
        section = entry.lock(Section, row.section_id)
        record = ImportRow(table_import=reversal, section=section, fields=["name"], kind=RowKind.SECTION)
        record.section_name, record.before = former_name(row), {"name": section.name}
        if section.name != row.section_name:
            record.kind, record.section_name = RowKind.WARNING, section.name
            record.message = f"Not rolled back: the section {section} was renamed again."
        elif not _take_name(section, record.section_name, entry):
            record.kind, record.section_name = RowKind.WARNING, section.name
            record.message = f"Not rolled back: another section is called {former_name(row)} now."
        else:
            record.message = f"{row.section_name or '(no section)'} is {section} again."
        record.save()


def _take_name(section: Section, name: str, entry: JournalEntry) -> bool:
    """Rename a section; return whether the name was free. A section without codes that has it gets the other name."""
    namesake = Section.objects.filter(table=section.table_id, name=name).exclude(pk=section.pk).first()
    if namesake is not None and namesake.codes.published().exists():
        return False
    former = section.name
    if namesake is not None:
        Section.objects.filter(pk=namesake.pk).update(name=f"\x01{namesake.pk}")
    entry.update(section, journal.set_fields(section, {"name": name}))
    if namesake is not None:
        entry.update(namesake, journal.set_fields(namesake, {"name": former}))
    return True


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
