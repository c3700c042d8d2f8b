"""Apply a planned import: one transaction, all or nothing, in a few statements whatever the number of codes.

The plan was computed earlier, and perhaps decided on for a day, so everything that it rests on is checked again while
the rows are locked. See Note [Sequence last] for the feed.
"""

from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Min
from django.utils import timezone

from kb import searching
from kb.importing import stage
from kb.importing.applying import journal_rows
from kb.importing.errors import NeedsConfirmation, PlanIsStale, RowsInError, WrongState
from kb.importing.planning import plan
from kb.models import Change, CodeTable, Door, ImportState, ReturnCode, RowKind, Section, TableImport
from kb.models.changes import ChangeKind
from kb.models.fields import VENDOR_TEXTS
from kb.models.history import current_door
from kb.models.sections import section_slug
from kb.models.table_imports import Resolution
from kb.ops import metrics
from kb.services.journal import By, JournalEntry

_SHOWN = 5


@metrics.IMPORT_SECONDS.labels("apply").time()
def apply_import(
    table_import: TableImport, by: By, *, yes_retire: bool = False, skip_errors: bool = False
) -> TableImport:
    """Write a plan into its table. Conflicts that nobody has decided keep support's words.

    Raises WrongState, RowsInError (unless `skip_errors`), NeedsSecondYes (unless `yes_retire`) and PlanIsStale.
    """
    by = By(by.user, Door.IMPORT, by.reason)
    door = current_door.set(by.door)
    try:
        with transaction.atomic(durable=True):
            done = TableImport.objects.select_for_update(no_key=True).get(pk=table_import.pk)
            _check(done, yes_retire, skip_errors)
            entry = JournalEntry(by)
            done.applied_by = by.account
            _lock_and_check(done)
            done.applied_at = max(timezone.now(), Change.objects.earliest_next())
            _write(done, entry)
            done.state = ImportState.APPLIED
            done.save()
            journal_rows.write_feed(done, entry)
    except IntegrityError as error:
        raise PlanIsStale(["A table, section or code of the same name appeared meanwhile."]) from error
    finally:
        current_door.reset(door)
    return done


def retire_limit(table_import: TableImport) -> int:
    """Return how many codes the import may retire without a second yes."""
    share = table_import.current_codes * settings.KB_IMPORT_RETIRE_GUARD_PERCENT // 100
    return max(share, settings.KB_IMPORT_RETIRE_GUARD_CODES)


def needs_confirmation(table_import: TableImport) -> bool:
    """Whether the import would retire so many codes that it takes a second yes."""
    return _to_retire(table_import) > retire_limit(table_import)


def _to_retire(table_import: TableImport) -> int:
    return table_import.rows.to_apply().filter(kind=RowKind.RETIRED).count()


def _check(done: TableImport, yes_retire: bool, skip_errors: bool) -> None:
    if not done.is_planned:
        who = f" by {done.applied_by}" if done.applied_by else ""
        raise WrongState(f"{done} is {done.get_state_display().lower()}{who}; only a planned import can be applied.")
    errors, duplicates = done.count(RowKind.ERROR), done.count(RowKind.DUPLICATE)
    if errors + duplicates and not skip_errors:
        raise RowsInError(errors, duplicates)
    if needs_confirmation(done) and not yes_retire:
        raise NeedsConfirmation(_to_retire(done), done.current_codes, retire_limit(done))


def _lock_and_check(done: TableImport) -> None:
    """Lock the table and the codes that the plan touches; refuse where they are not what it was computed from."""
    if done.table is None:
        plan.check_name_is_free(done.new_table["slug"])
        return
    CodeTable.objects.select_for_update(no_key=True).get(pk=done.table.pk)
    journal_rows.lock(done)
    reasons = _moved(done.table, done.basis) + _edited(done)
    if reasons:
        raise PlanIsStale(reasons)


def _moved(table: CodeTable, basis: dict[str, int]) -> list[str]:
    now = plan.basis_of(table)
    if now["imports"] != basis["imports"]:
        return [f"{table.imports.in_force().order_by('-applied_at').first()} was applied to it."]
    return [] if now == basis else ["Codes were added to it."]


def _edited(done: TableImport) -> list[str]:
    edited = stage.rows(
        f"SELECT c.code {journal_rows.REVISION_ROWS} AND c.version <> r.code_version ORDER BY r.id LIMIT {_SHOWN + 1}",
        done.pk,
    )
    codes = [code for (code,) in edited]
    more = " and others" if len(codes) > _SHOWN else ""
    return [f"Somebody edited {', '.join(codes[:_SHOWN])}{more}."] if codes else []


def _write(done: TableImport, entry: JournalEntry) -> None:
    if done.table is None:
        done.table = entry.create(CodeTable(**done.new_table))
    _make_sections(done, entry)
    _insert_new(done)
    _update_known(done)
    _take_edited(done)
    _retire(done)
    journal_rows.write_revisions(done, entry.by)
    journal_rows.mark_notes(done, entry)
    # After every lock of a row: see `searching.store.lock`.
    searching.refresh(journal_rows.changed_code_ids(done))


def _make_sections(done: TableImport, entry: JournalEntry) -> None:
    """Make the sections that rows name and the table does not have, in the file's order."""
    assert done.table is not None
    homeless = done.rows.to_apply().filter(section=None)
    named = homeless.values_list("section_name").annotate(first=Min("position")).order_by("first")
    taken = dict(done.table.sections.values_list("slug", "position"))
    for name, _first in named:
        section = done.table.sections.filter(name=name).first()
        if section is None:
            place = max(taken.values(), default=-1) + 1
            slug = section_slug(name, set(taken))
            section = Section.objects.create(table=done.table, name=name, slug=slug, position=place)
            taken[slug] = place
            entry.note(section, ChangeKind.CREATED, [])
        homeless.exclude(kind=RowKind.NEW).filter(section_name=name).update(section=section)


def _insert_new(done: TableImport) -> None:
    """Insert the new codes, then tell their rows which they are: each of the many rows is written once."""
    copied = ["code", "identity", "canonical", "number", "sort_key", "position", *VENDOR_TEXTS]
    copied += ["extra", "disposition", "fixer"]
    vendor = ", ".join(f"vendor_{name}" for name in VENDOR_TEXTS)
    now = journal_rows.database_time(done.applied_at)
    stage.run(
        f"""
        INSERT INTO kb_returncode (
            table_id, section_id, {", ".join(copied)}, {vendor}, disposition_origin, fixer_origin, version,
            created_at, updated_at
        )
        SELECT %s, coalesce(r.section_id, n.id), {", ".join(f"r.{name}" for name in (*copied, *VENDOR_TEXTS))},
            'vendor', 'vendor', 1, %s, %s
        FROM kb_importrow AS r LEFT JOIN kb_section AS n ON n.table_id = %s AND n.name = r.section_name
        WHERE r.table_import_id = %s AND r.kind = 'new' AND r.resolution <> 'leave_out' ORDER BY r.id
        """,  # noqa: S608
        done.table_id,
        now,
        now,
        done.table_id,
        done.pk,
    )
    stage.run(
        """
        UPDATE kb_importrow SET return_code_id = c.id, section_id = c.section_id FROM kb_returncode AS c
        WHERE kb_importrow.table_import_id = %s AND kb_importrow.kind = 'new' AND kb_importrow.resolution <> 'leave_out'
        AND c.table_id = %s AND c.identity = kb_importrow.identity AND c.section_id = coalesce(
            kb_importrow.section_id,
            (SELECT id FROM kb_section AS n WHERE n.table_id = %s AND n.name = kb_importrow.section_name)
        )
        """,
        done.pk,
        done.table_id,
        done.table_id,
    )


def _update_known(done: TableImport) -> None:
    """Merge the vendor's new words in: ours stands where support edited, unless the vendor's were chosen."""
    take = f"r.resolution = '{Resolution.TAKE_THEIRS.value}' AND kb_returncode.vendor_{{0}} <> r.{{0}}"
    merged = "{0} = CASE WHEN kb_returncode.{0} = kb_returncode.vendor_{0} OR " + take
    merged += " THEN r.{0} ELSE kb_returncode.{0} END, vendor_{0} = r.{0}"
    derived = "{0} = CASE kb_returncode.{0}_origin WHEN 'vendor' THEN r.{0} ELSE kb_returncode.{0} END"
    settings_ = [merged.format(name) for name in VENDOR_TEXTS] + [derived.format(n) for n in ("disposition", "fixer")]
    stage.run(
        f"""
        UPDATE kb_returncode SET section_id = r.section_id, code = r.code, position = r.position, extra = r.extra,
            retired_at = NULL, version = kb_returncode.version + 1, updated_at = %s, {", ".join(settings_)}
        {_FROM_ROWS} AND r.kind IN ('changed', 'conflict', 'restored', 'moved')
        """,  # noqa: S608
        journal_rows.database_time(done.applied_at),
        done.pk,
    )
    stage.run(f"UPDATE kb_returncode SET position = r.position {_FROM_ROWS} AND r.kind = 'reordered'", done.pk)  # noqa: S608


def _take_edited(done: TableImport) -> None:
    """Write the words that somebody chose instead of either side's."""
    rows = done.rows.to_apply().filter(resolution=Resolution.EDITED)
    for code_id, words in rows.values_list("return_code_id", "edited").iterator():
        ReturnCode.objects.filter(pk=code_id).update(**words)


def _retire(done: TableImport) -> None:
    now: Any = journal_rows.database_time(done.applied_at)
    stage.run(
        f"""
        UPDATE kb_returncode SET retired_at = %s, version = kb_returncode.version + 1, updated_at = %s
        {_FROM_ROWS} AND r.kind = 'retired'
        """,  # noqa: S608
        now,
        now,
        done.pk,
    )


_FROM_ROWS = """
    FROM kb_importrow AS r WHERE r.return_code_id = kb_returncode.id AND r.table_import_id = %s
    AND r.resolution <> 'leave_out'
"""
