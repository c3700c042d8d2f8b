"""Plan an import: read a file, compare it with its table, and store what it would change.

Nothing that a reader sees is touched. The plan holds everything that applying needs: another process may do that, on
another machine, when the file is long gone. See Note [No lock while planning].
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import Count, Max

from kb.importing import stage
from kb.importing.errors import ImportRefused
from kb.importing.planning import matches, row_store
from kb.importing.reading.sources import Problem, Source, TableRow
from kb.models import Audience, CodeTable, ImportState, TableImport
from kb.models.codes import ReturnCode
from kb.models.fields import VENDOR_TEXTS
from kb.models.table_imports import UNCHANGED
from kb.ops import metrics
from kb.services.journal import By
from kb.text.codes import forms as text_code

Progress = Callable[[int], None]

_LONGEST = {"symbol": 200}
_SEPARATORS = re.compile(r"[\s,;/|\u3001\uff0c\uff1b\uff0f]+")
_RANGE = re.compile(r"\s*(\d{1,18})\s*(?:-|\u2013|\u2014|~|\uff5e|to|\u81f3|\u5230)\s*(\d{1,18})\s*\Z")


@dataclass(frozen=True)
class NewTable:
    """A table that does not exist yet; applying the import creates it."""

    slug: str
    vendor: str
    product: str
    name: str
    language: str = "en"
    source_url: str = ""
    audience: str = Audience.INTERNAL


@metrics.IMPORT_SECONDS.labels("plan").time()
def plan_import(
    target: CodeTable | NewTable,
    source: Source,
    by: By,
    *,
    complete: bool = False,
    file_name: str = "",
    progress: Progress | None = None,
) -> TableImport:
    """Store what a file would change. `complete` says that it lists the entire table: what is missing is retired.

    Raises ImportRefused where a new table's name is taken. A row that cannot be used becomes a row of the plan.
    """
    planned = _open(target, source, by, complete, file_name)
    try:
        _compare_and_store(planned, _Reader(source, planned, progress))
    except BaseException as error:
        planned.rows.all().delete()
        planned.state, planned.message = ImportState.FAILED, f"Planning stopped: {type(error).__name__}."
        planned.save()
        raise
    finally:
        stage.drop()
    return planned


def remembered_columns(table: CodeTable) -> dict[str, str]:
    """Return what each header meant in the last file that was imported into a table; {} for none."""
    last = table.imports.in_force().exclude(columns={}).order_by("-applied_at").first()
    return last.columns if last else {}


def basis_of(table: CodeTable | None) -> dict[str, int]:
    """Return what must not move between plan and apply: the imports that wrote, and which codes there are."""
    if table is None:
        return {}
    codes = ReturnCode.objects.filter(table=table).aggregate(codes=Count("pk"), newest=Max("pk"))
    return {"imports": table.imports.in_force().count(), "codes": codes["codes"], "newest": codes["newest"] or 0}


def check_name_is_free(slug: str) -> None:
    """Refuse a new table whose name another one has."""
    if CodeTable.objects.filter(slug=slug).exists():
        raise ImportRefused(f"There is a table named {slug} already: import into it, or choose another name.")


def _open(target: CodeTable | NewTable, source: Source, by: By, complete: bool, file_name: str) -> TableImport:
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
        current_codes=table.codes.current().count() if table else 0,
        basis=basis_of(table),
        planned_by=by.account,
    )


def _compare_and_store(planned: TableImport, reader: "_Reader") -> None:
    table = planned.table or CodeTable()
    stage.create()
    stage.fill("kb_staging", stage.FILE_COLUMNS, reader.lines())
    matches.create_index()
    matches.mark_duplicates()
    if reader.has_sections:
        matches.match_in_section(table)
        matches.match_other_sections(table, planned.complete)
    else:
        matches.match_in_table(table)
    matches.mark_differences(extra=bool(reader.extra_columns))
    position = matches.position_sql(table, planned.complete)
    _mention(table, reader.source.problems)
    row_store.store_problems(planned, reader.source.problems)
    row_store.store_duplicates(planned)
    row_store.store_errors(planned)
    row_store.store_new(planned, position, None if reader.has_sections else row_store.only_section(table))
    row_store.store_changed(planned, position, reader.extra_columns)
    row_store.store_reordered(planned)
    if planned.complete and reader.read:
        row_store.store_missing(planned)
    _close(planned)


def _close(planned: TableImport) -> None:
    counts = dict(planned.rows.order_by().values_list("kind").annotate(n=Count("pk")))
    same = stage.value("SELECT count(*) FROM kb_staging WHERE kind IS NULL OR kind = 'same'")
    planned.counts = counts | {UNCHANGED: same}
    planned.state = ImportState.PLANNED
    planned.save()


def _mention(table: CodeTable, problems: list[Problem]) -> None:
    """Remember the codes that broken rows name: a code is not missing because its row has an error."""
    values = [
        text for problem in problems if problem.severity == "error" for text in (problem.value, *problem.suggestion)
    ]
    parts = {part for text in values for part in (text, *_SEPARATORS.split(text))}
    named = {text_code.identity(part) for part in parts} - {""}
    for first, last in (match.groups() for part in parts if (match := _RANGE.match(part))):
        within = table.codes.filter(number__range=(int(first), int(last))) if table.pk else ReturnCode.objects.none()
        named.update(within.values_list("identity", flat=True))
    stage.fill("kb_mentioned", ("identity",), ((identity[:1000],) for identity in sorted(named)))


@dataclass
class _Reader:
    """Turns a source's rows into lines of `kb_staging`, and learns on the way what the file has."""

    source: Source
    planned: TableImport
    progress: Progress | None = None
    read: int = 0
    has_sections: bool = field(init=False)
    extra_columns: set[str] = field(init=False)
    known_sections: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        table = self.planned.table
        # Before the first line: while PostgreSQL copies, its connection answers no query.
        self.known_sections = dict(table.sections.values_list("name", "id")) if table else {}
        targets = self.source.columns.targets
        self.has_sections = "section" in targets.values()
        self.extra_columns = {header for header, target in targets.items() if target == "extra"}

    def lines(self) -> Iterator[tuple[Any, ...]]:
        """Yield one line a usable row; its number follows the file's order."""
        for row in self.source.rows():
            yield self._line(row)
            self.read += 1
            self.has_sections = self.has_sections or bool(row.section)
            if self.progress and self.read % stage.BATCH == 0:
                self.progress(self.read)

    def _line(self, row: TableRow) -> tuple[Any, ...]:
        forms, get = text_code.forms(row.code), row.texts.get
        wrong = _too_long(row, forms)
        return (
            self.read,
            row.place.line,
            row.place.sheet,
            row.section,
            self.known_sections.get(row.section),
            forms.code,
            forms.identity,
            forms.canonical,
            forms.number,
            forms.sort_key,
            *[get(name) for name in VENDOR_TEXTS],
            stage.extra_as_json(row.extra),
            "error" if wrong else None,
            wrong,
        )


def _too_long(row: TableRow, forms: text_code.CodeForms) -> str | None:
    """Say what of a row the database cannot hold."""
    symbol = row.texts.get("symbol", "")
    if len(symbol) > _LONGEST["symbol"]:
        return f"The symbol has {len(symbol)} characters; at most {_LONGEST['symbol']} are allowed."
    if len(row.section) > 200:
        return f"The section's name has {len(row.section)} characters; at most 200 are allowed."
    if len(forms.code) > text_code.MAX_LENGTH or len(forms.identity) > 256 or len(forms.sort_key) > 2000:
        return f"The code {forms.code[:60]} is too long; at most {text_code.MAX_LENGTH} plain characters are allowed."
    return None
