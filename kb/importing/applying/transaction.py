"""Apply a planned import in one transaction, all or nothing, with a few statements for any number of codes.

People may take days to decide about a plan, so everything that it was computed from is checked again under lock. See
Note [Sequence last] for the feed.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max, Min, OuterRef, Subquery
from django.utils import timezone

from kb import answers, searching
from kb.importing.applying import journal_rows, listed_ranges, section_names, staleness, tombstones
from kb.importing.errors import NeedsAnswers, NeedsConfirmation, PlanIsStale, RowsInError, WrongState
from kb.importing.planning import plan
from kb.importing.reading.choices import FileQuestion
from kb.models import Change, CodeTable, Door, ImportState, ReturnCode, RowKind, Section, TableImport, sql
from kb.models.changes import ChangeKind
from kb.models.fields import VENDOR_TEXTS
from kb.models.history import current_door
from kb.models.sections import section_slug
from kb.models.table_imports import STRANGE, Resolution
from kb.ops import metrics
from kb.services.journal import By, JournalEntry


@dataclass(frozen=True)
class Consent:
    """What a person agrees to."""

    yes_retire: bool
    yes_strange: bool
    skip_errors: bool


@metrics.IMPORT_SECONDS.labels("apply").time()
def apply_import(
    table_import: TableImport,
    by: By,
    *,
    yes_retire: bool = False,
    yes_strange: bool = False,
    skip_errors: bool = False,
) -> TableImport:
    """Write a plan to its table; return the applied import. Undecided conflicts keep support's words.

    Raises WrongState, NeedsAnswers, PlanIsStale, RowsInError (unless `skip_errors`) and NeedsConfirmation (unless
    `yes_retire` agrees to retire many codes, and `yes_strange` to texts that hardly fit).
    """
    by = By(by.user, Door.IMPORT, by.reason)
    door = current_door.set(by.door)
    try:
        with sql.long_statements(), sql.wide_cache(), transaction.atomic(durable=True):
            current = TableImport.objects.select_for_update(no_key=True).get(pk=table_import.pk)
            _check_state(current, Consent(yes_retire, yes_strange, skip_errors))
            entry = JournalEntry(by)
            current.applied_by = by.account
            _lock_and_check_basis(current)
            current.applied_at = max(timezone.now(), Change.objects.earliest_next())
            codes, back = _write(current, entry)
            current.state = ImportState.APPLIED
            current.delete_upload()
            current.save()
            journal_rows.write_feed(current, entry, codes, back)
    except IntegrityError as error:
        raise PlanIsStale(["A table, section or code of the same name was created in the meantime."]) from error
    finally:
        current_door.reset(door)
    return current


def retire_limit(table_import: TableImport) -> int:
    """Return how many codes the import may retire without a second confirmation: fewer than the share of the table."""
    share = -(table_import.current_codes * settings.KB_IMPORT_RETIRE_GUARD_PERCENT // -100)
    return max(share, settings.KB_IMPORT_RETIRE_GUARD_CODES, 1) - 1


def retires_many(table_import: TableImport) -> bool:
    """Whether the import would retire more codes than it may without a second yes."""
    return to_retire(table_import) > retire_limit(table_import)


def to_retire(table_import: TableImport) -> int:
    """Return how many codes the import would retire, without the rows that are left out."""
    return table_import.rows.to_apply().filter(kind=RowKind.RETIRED).count()


def _check_state(table_import: TableImport, consent: Consent) -> None:
    if not table_import.is_planned:
        raise WrongState(f"{table_import} is {table_import.state_with_person}. Only a planned import can be applied.")
    questions = [FileQuestion.from_json(stored) for stored in table_import.questions]
    if unanswered := [question for question in questions if question.is_open]:
        raise NeedsAnswers(unanswered)
    errors, duplicates = table_import.count(RowKind.ERROR), table_import.count(RowKind.DUPLICATE)
    if errors + duplicates and not consent.skip_errors:
        raise RowsInError(errors, duplicates)
    strange = 0 if consent.yes_strange else table_import.counts.get(STRANGE, 0)
    retired = 0 if consent.yes_retire else to_retire(table_import)
    limit = retire_limit(table_import)
    if strange or retired > limit:
        raise NeedsConfirmation(retired, table_import.current_codes, limit, strange)


def _lock_and_check_basis(table_import: TableImport) -> None:
    """Lock the table and the codes of the plan; raise PlanIsStale where they have changed since."""
    if table_import.table_id is None:
        plan.check_name_is_free(table_import.new_table["slug"])
    else:
        # Its audience, which the changes of the feed get, may have changed while this waited for the lock.
        table_import.table = CodeTable.objects.select_for_update(no_key=True).get(pk=table_import.table_id)
        journal_rows.lock(table_import)
    if reasons := staleness.reasons(table_import):
        raise PlanIsStale(reasons)


def _write(table_import: TableImport, entry: JournalEntry) -> tuple[int, list[int]]:
    """Write everything except the feed; return how many codes got a revision, and the ids of those that are back."""
    back: list[int] = []
    if table_import.table is None:
        table_import.table = entry.create(CodeTable(**table_import.new_table))
    empty_sections = tombstones.sections_without_codes(table_import.table)
    section_names.rename(table_import, entry)
    _create_sections(table_import, entry)
    _insert_new(table_import)
    listed_ranges.create(table_import, entry)
    if table_import.count() > table_import.count(RowKind.NEW) or tombstones.are_in(table_import.table):
        _update_existing(table_import)
        _move(table_import)
        _write_own_words(table_import)
        _retire(table_import)
        back = tombstones.lift(table_import)
    tombstones.note_sections(table_import.table, empty_sections, entry)
    answers.note_order(table_import.table)
    revisions = journal_rows.write_revisions(table_import, entry.by)
    journal_rows.mark_notes(table_import, entry)
    # After all row locks: see `searching.store.lock`.
    code_ids = journal_rows.changed_code_ids(table_import)
    searching.refresh(code_ids)
    answers.refresh([*code_ids, *entry.shown_with] if entry.shown_with else code_ids)
    return revisions, back


def _create_sections(table_import: TableImport, entry: JournalEntry) -> None:
    """Create the sections that the table does not have yet, in the file's order."""
    assert table_import.table is not None
    rows = table_import.rows.to_apply().filter(section=None).exclude(kind=RowKind.RANGE)
    names = rows.values_list("section_name").annotate(first=Min("position")).order_by("first")
    sections = table_import.table.sections
    existing, slugs = set(sections.values_list("name", flat=True)), set(sections.values_list("slug", flat=True))
    position = sections.aggregate(last=Max("position"))["last"]
    numbers: dict[str, int] = {}
    for name, _first in names:
        if name not in existing:
            position = 0 if position is None else position + 1
            slug = section_slug(name, slugs, numbers)
            section = Section.objects.create(table=table_import.table, name=name, slug=slug, position=position)
            slugs.add(slug)
            entry.note(section, ChangeKind.CREATED, [])
    of_row = Section.objects.filter(table=table_import.table_id, name=OuterRef("section_name")).values("pk")
    if table_import.count() > table_import.count(RowKind.NEW):
        rows.exclude(kind=RowKind.NEW).update(section=Subquery(of_row))


def _insert_new(table_import: TableImport) -> None:
    """Insert the new codes, then link their rows to them: this writes each of the many rows once."""
    columns = ["code", "identity", "canonical", "number", "sort_key", "position", *VENDOR_TEXTS]
    columns += ["extra", "disposition", "fixer"]
    vendor_columns = ", ".join(f"vendor_{name}" for name in VENDOR_TEXTS)
    now = journal_rows.database_time(table_import.applied_at)
    sql.run(
        f"""
        INSERT INTO kb_returncode (
            table_id, section_id, {", ".join(columns)}, {vendor_columns}, disposition_origin, fixer_origin, version,
            created_at, updated_at
        )
        SELECT %s, coalesce(r.section_id, n.id), {", ".join(f"r.{name}" for name in (*columns, *VENDOR_TEXTS))},
            'vendor', 'vendor', 1, %s, %s
        FROM kb_importrow AS r LEFT JOIN kb_section AS n ON n.table_id = %s AND n.name = r.section_name
        WHERE r.table_import_id = %s AND r.kind = 'new' AND r.return_code_id IS NULL
        AND r.resolution <> 'leave_out' ORDER BY r.id
        """,  # noqa: S608
        table_import.table_id,
        now,
        now,
        table_import.table_id,
        table_import.pk,
    )
    sql.run(
        """
        UPDATE kb_importrow SET return_code_id = c.id, section_id = c.section_id FROM kb_returncode AS c
        WHERE kb_importrow.table_import_id = %s AND kb_importrow.kind = 'new' AND kb_importrow.return_code_id IS NULL
        AND kb_importrow.resolution <> 'leave_out' AND c.table_id = %s AND c.identity = kb_importrow.identity
        AND c.section_id = coalesce(
            kb_importrow.section_id,
            (SELECT id FROM kb_section AS n WHERE n.table_id = %s AND n.name = kb_importrow.section_name)
        )
        """,
        table_import.pk,
        table_import.table_id,
        table_import.table_id,
    )


def _update_existing(table_import: TableImport) -> None:
    """Merge the vendor's new words: support's edits stay, unless a decision takes the vendor's words."""
    condition = f"r.resolution = '{Resolution.TAKE_THEIRS.value}' AND kb_returncode.vendor_{{0}} <> r.{{0}}"
    merge_sql = "{0} = CASE WHEN kb_returncode.{0} = kb_returncode.vendor_{0} OR " + condition
    merge_sql += " THEN r.{0} ELSE kb_returncode.{0} END, vendor_{0} = r.{0}"
    derived_sql = "{0} = CASE kb_returncode.{0}_origin WHEN 'vendor' THEN r.{0} ELSE kb_returncode.{0} END"
    assignments = [merge_sql.format(name) for name in VENDOR_TEXTS]
    assignments += [derived_sql.format(name) for name in ("disposition", "fixer")]
    sql.run(
        f"""
        UPDATE kb_returncode SET section_id = r.section_id, code = r.code, identity = r.identity, extra = r.extra,
            retired_at = NULL, version = kb_returncode.version + 1, updated_at = %s, {", ".join(assignments)}
        {_FROM_ROWS} AND (r.kind IN ('changed', 'conflict', 'restored', 'moved') OR {_IS_TOMBSTONE})
        """,  # noqa: S608
        journal_rows.database_time(table_import.applied_at),
        table_import.pk,
    )


def _move(table_import: TableImport) -> None:
    """Set the order. It is one for the whole table, so a code whose row is left out takes its place in it, too."""
    sql.run(
        f"""
        UPDATE kb_returncode SET position = r.position FROM kb_importrow AS r
        WHERE r.return_code_id = kb_returncode.id AND r.table_import_id = %s AND r.position <> kb_returncode.position
        AND (r.kind IN ('changed', 'conflict', 'restored', 'moved', 'reordered') OR {_IS_TOMBSTONE})
        """,  # noqa: S608
        table_import.pk,
    )


def _write_own_words(table_import: TableImport) -> None:
    """Write the new texts of decisions that take neither side's text."""
    rows = table_import.rows.to_apply().filter(resolution=Resolution.EDITED)
    for code_id, words in rows.values_list("return_code_id", "edited").iterator():
        ReturnCode.objects.filter(pk=code_id).update(**words)


def _retire(table_import: TableImport) -> None:
    now: Any = journal_rows.database_time(table_import.applied_at)
    sql.run(
        f"""
        UPDATE kb_returncode SET retired_at = %s, version = kb_returncode.version + 1, updated_at = %s
        {_FROM_ROWS} AND r.kind = 'retired'
        """,  # noqa: S608
        now,
        now,
        table_import.pk,
    )


_IS_TOMBSTONE = "r.kind = 'new' AND r.before ->> 'tombstone' IS NOT NULL"
"""SQL of a new code whose row is there: imports that were rolled back had brought it."""

_FROM_ROWS = """
    FROM kb_importrow AS r WHERE r.return_code_id = kb_returncode.id AND r.table_import_id = %s
    AND r.resolution <> 'leave_out'
"""
