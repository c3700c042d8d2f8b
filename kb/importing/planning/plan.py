"""Plan an import: read a file, compare it with its table, and store what the import would change.

Planning changes nothing that readers see. The plan has everything that applying needs, so that another process can do
it when the file is gone. See Note [No lock while planning].
"""

import re
from bisect import bisect_right
from dataclasses import asdict, dataclass
from functools import partial

from django.db.models import Count, Max

from kb.importing import stage
from kb.importing.errors import ImportRefused, NeedsAnswers
from kb.importing.planning import (
    damage,
    former_decisions,
    listed_ranges,
    matches,
    other_columns,
    other_sections,
    row_store,
    sections,
    weights,
)
from kb.importing.planning.staged_lines import Progress, StagedLines
from kb.importing.reading.choices import FileQuestion, default_answers, plan_answers
from kb.importing.reading.sources import Precedent, ReadingChoices, Source
from kb.models import Audience, CodeTable, ImportState, TableImport, Upload, sql
from kb.models.codes import ReturnCode
from kb.models.fields import VENDOR_TEXTS
from kb.models.table_imports import OPEN, UNCHANGED
from kb.ops import metrics
from kb.services.journal import By
from kb.text.codes import forms

_SAMPLES = 300
_ODD_CODES = 10_000
_SEPARATORS = re.compile(r"[\s,;/|\u3001\uff0c\uff1b\uff0f]+")
_RANGE = re.compile(r"\s*(\d{1,18})\s*(?:-|\u2013|\u2014|~|\uff5e|to|\u81f3|\u5230)\s*(\d{1,18})\s*\Z")


@dataclass(frozen=True)
class NewTable:
    """A table that does not exist yet; applying the import creates it. Without a product, its name is the product."""

    slug: str
    vendor: str
    product: str
    name: str
    language: str = "en"
    source_url: str = ""
    audience: str = Audience.INTERNAL

    def __post_init__(self) -> None:
        if not self.product:
            # Pages call a table by its vendor and product.
            object.__setattr__(self, "product", self.name[:120])


@metrics.IMPORT_SECONDS.labels("plan").time()
def plan_import(
    target: CodeTable | NewTable,
    source: Source,
    by: By,
    *,
    complete: bool = False,
    file_name: str = "",
    upload: Upload | None = None,
    progress: Progress | None = None,
    former: TableImport | None = None,
) -> TableImport:
    """Return a planned import with a row for each change and problem of a file.

    `complete` says that the file lists the entire table, so that the import retires the codes that it lacks. `progress`
    is called with the number of rows read so far. Decisions about `former`, a closed plan of the same file, or about
    the newest open plan of the table are taken over. Raises Unreadable, NeedsAnswers where the source has open
    questions, and ImportRefused where a new table's name exists.
    """
    if source.open_questions:
        raise NeedsAnswers(source.open_questions)
    table_import = _open(target, source, by, complete, file_name, upload)
    try:
        with sql.long_statements(), sql.wide_cache():
            questions = _store_rows(table_import, StagedLines(source, table_import, progress))
            former_decisions.take_over(table_import, former)
            _close(table_import, questions)
    except BaseException as error:
        table_import.rows.all().delete()
        table_import.state, table_import.message = ImportState.FAILED, f"Planning stopped: {type(error).__name__}."
        table_import.save()
        raise
    finally:
        stage.drop()
    return table_import


def remembered_columns(table: CodeTable) -> dict[str, str]:
    """Return the target of each header in the last file imported into a table; {} without one."""
    latest = _latest_file(table)
    return latest.columns if latest else {}


def precedent_of(target: CodeTable | NewTable) -> Precedent:
    """Return how the last file of a table was read: its columns and answers. A new table has no precedent."""
    latest = _latest_file(target) if isinstance(target, CodeTable) else None
    if latest is None or isinstance(target, NewTable):
        return Precedent(language=target.language)
    answers = plan_answers(FileQuestion.from_json(question) for question in latest.questions)
    choices = ReadingChoices(columns=latest.columns, answers=answers | latest.choices.get("answers", {}))
    texts = target.codes.current().values_list("identity", "extra", *(f"vendor_{name}" for name in VENDOR_TEXTS))
    sampled = list(texts[:_SAMPLES])
    samples = {identity: dict(zip(VENDOR_TEXTS, words, strict=True)) for identity, _, *words in sampled}
    extra_columns = frozenset(name for _, extra, *_ in sampled for name in extra)
    odd_codes = target.codes.current().filter(number=None).values_list("code", flat=True)[:_ODD_CODES]
    count = partial(_count_texts, target)
    return Precedent(choices, samples, target.language, count, latest.encoding, frozenset(odd_codes), extra_columns)


def _count_texts(table: CodeTable, name: str) -> int:
    return table.codes.current().exclude(**{f"vendor_{name}": ""}).count()


def _latest_file(table: CodeTable) -> TableImport | None:
    # A roll-back says that its file was read wrongly, or was the wrong one.
    files = table.imports.filter(state=ImportState.APPLIED).exclude(columns={}).order_by("-applied_at")
    # An export that comes back says nothing about the vendor's columns.
    return files.exclude(columns__has_keys=["code", *VENDOR_TEXTS]).first() or files.first()


def basis_of(table: CodeTable | None) -> dict[str, int]:
    """Return what must stay the same between plan and apply: counts of imports and codes, and the newest code's id."""
    if table is None:
        return {}
    codes = ReturnCode.objects.filter(table=table).aggregate(codes=Count("pk"), newest=Max("pk"))
    return {"imports": table.imports.in_force().count(), "codes": codes["codes"], "newest": codes["newest"] or 0}


def check_name_is_free(slug: str) -> None:
    """Raise ImportRefused where another table has the name of a new one."""
    if CodeTable.objects.filter(slug=slug).exists():
        raise ImportRefused(f"There is already a table named {slug}. Import into it, or choose another name.")


def _open(
    target: CodeTable | NewTable, source: Source, by: By, complete: bool, file_name: str, upload: Upload | None
) -> TableImport:
    table = target if isinstance(target, CodeTable) else None
    if isinstance(target, NewTable):
        check_name_is_free(target.slug)
    return TableImport.objects.create(
        table=table,
        new_table=asdict(target) if isinstance(target, NewTable) else {},
        complete=complete,
        file_name=file_name[:250],
        sha256=source.sha256,
        size=source.size,
        format=source.format,
        encoding=source.encoding,
        delimiter=source.delimiter,
        columns=source.columns.as_json(),
        choices=source.choices.merged({"answers": default_answers(source.questions)}).as_json(),
        upload=upload,
        current_codes=table.codes.current().count() if table else 0,
        basis=basis_of(table),
        planned_by=by.account,
    )


def _store_rows(table_import: TableImport, staged_lines: StagedLines) -> list[FileQuestion]:
    """Store what the lines change, row by row; return the questions that they leave."""
    table, source = table_import.table or CodeTable(), staged_lines.source
    stage.create()
    stage.fill("kb_staging", stage.FILE_COLUMNS, staged_lines.lines())
    answers, remembered = source.choices.answers, source.precedent.choices.answers
    complete = table_import.complete
    elsewhere = other_sections.OtherSections(table, complete, answers, remembered)
    renames = _match(table, staged_lines, elsewhere)
    place = damage.place_sql(staged_lines.has_sections, complete)
    codes = damage.DamagedCodes(table, staged_lines.damaged, answers, remembered, place)
    codes.match(staged_lines.has_sections, complete)
    matches.mark_differences(extra=bool(staged_lines.extra_columns))
    position = matches.position_sql(table, complete)
    _store_mentioned_codes(table, source)
    codes.mention()
    lost = sections.without_any(table, complete and not staged_lines.has_sections)
    listed_ranges.store_ranges(table_import, table, source.ranges)
    kinds = stage.kinds()
    extra_columns = staged_lines.extra_columns if "changed" in kinds else set()
    fresh, column_renames = other_columns.new_columns(table, extra_columns)
    problems = other_columns.without_new_columns(source.problems, has_line=bool(fresh or column_renames))
    row_store.store_problems(table_import, [*problems, *elsewhere.problems, *codes.problems, *lost])
    row_store.store_garbled(table_import, staged_lines.garbled, staged_lines.foreign_count)
    if "duplicate" in kinds:
        row_store.store_duplicates(table_import)
    if "error" in kinds:
        row_store.store_errors(table_import)
    if "new" in kinds:
        section = None if staged_lines.has_sections else row_store.only_section(table)
        row_store.store_new(table_import, position, section)
    if "changed" in kinds:
        row_store.store_changed(table_import, position, staged_lines.extra_columns, column_renames)
        other_columns.store_columns(table_import, fresh, column_renames)
    sections.store_renamed(table_import, renames)
    if "reordered" in kinds:
        row_store.store_reordered(table_import)
    if complete and staged_lines.row_count:
        row_store.store_missing(table_import)
    return [*source.questions, *elsewhere.questions, *codes.questions]


def _match(table: CodeTable, staged_lines: StagedLines, elsewhere: other_sections.OtherSections) -> sections.Renames:
    """Match the staged rows to stored codes; return the sections that the file calls by other names."""
    matches.create_index()
    matches.mark_duplicates()
    renames: sections.Renames = {}
    if not staged_lines.has_sections:
        matches.match_in_table(table)
    elif table.pk:
        renames = sections.match_renamed(table, staged_lines.new_sections, elsewhere.complete)
        matches.match_in_section(table)
        elsewhere.match()
    if table.pk:
        matches.match_tombstones(table, staged_lines.has_sections)
    matches.index_matches()
    return renames


def _close(table_import: TableImport, questions: list[FileQuestion]) -> None:
    table_import.questions = [question.as_json() for question in questions]
    if open_questions := sum(question.is_open for question in questions):
        table_import.counts[OPEN] = open_questions
    counts = dict(table_import.rows.order_by().values_list("kind").annotate(n=Count("pk")))
    same = sql.value("SELECT count(*) FROM kb_staging WHERE kind IS NULL OR kind = 'same'")
    table_import.counts |= counts | {UNCHANGED: same}
    extents = table_import.rows.exclude(extent="").order_by().values_list("extent")
    table_import.extents = dict(extents.annotate(n=Count("pk"))) if table_import.table else {}
    weights.weigh(table_import)
    table_import.state = ImportState.PLANNED
    table_import.save()


def _store_mentioned_codes(table: CodeTable, source: Source) -> None:
    """Store the codes of rows with errors, and those within ranges: the file does not lack them."""
    problems = source.problems
    values = [
        text for problem in problems if problem.severity == "error" for text in (problem.value, *problem.suggestion)
    ]
    parts = {part for text in values for part in (text, *_SEPARATORS.split(text))}
    identities = {forms.identity(part) for part in parts} - {""}
    ranges = [(int(match[1]), int(match[2])) for part in parts if (match := _RANGE.match(part))]
    ranges += [(int(first), int(last)) for first, last, _ in source.ranges]
    identities |= _identities_within(table, ranges)
    stage.fill("kb_mentioned", ("identity",), ((identity[:1000],) for identity in sorted(identities)))
    sql.run(
        "INSERT INTO kb_mentioned SELECT DISTINCT identity FROM kb_staging WHERE kind = 'error' ON CONFLICT DO NOTHING"
    )


def _identities_within(table: CodeTable, ranges: list[tuple[int, int]]) -> set[str]:
    """Return the identities of a table's codes in ranges of numbers. Each code is read once, whatever overlaps."""
    ends = _joined(ranges)
    if not ends or not table.pk:
        return set()
    starts = [first for first, _ in ends]
    codes = table.codes.numbered(starts[0], ends[-1][1]).values_list("number", "identity")
    numbered = ((number, identity) for number, identity in codes.iterator() if number is not None)
    return {identity for number, identity in numbered if number <= ends[bisect_right(starts, number) - 1][1]}


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges in order, and one in place of those that overlap. Ranges that run backwards are left out."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        elif first <= last:
            joined.append((first, last))
    return joined
