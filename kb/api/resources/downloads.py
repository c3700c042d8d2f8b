"""Downloads: a table as a file, and everything as one SQLite file."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, TypeVar

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request

from kb.api.framework.access import MayExport, MayRead
from kb.api.framework.errors import BadParameters, absence, describe
from kb.api.framework.file_views import FileView, file_responses
from kb.api.framework.parameter_values import YES_NO, one_of
from kb.api.framework.parameters import Kinds, parse_query, query_of
from kb.api.framework.schema import IN_PATH, ClosedSchema, example
from kb.exporting import sqlite
from kb.exporting.csv_text import DELIMITERS, CsvForm
from kb.exporting.tables import FORMATS, WORDS, export_table, file_name
from kb.exporting.xlsx import ExportRefused
from kb.models import CodeTable

ENDINGS = {**FORMATS, "sqlite": sqlite.CONTENT_TYPE}
"""The formats of a table export, with their media types."""

_SITE_ENDINGS = {"sqlite": sqlite.CONTENT_TYPE}
_KINDS = {"words": one_of(WORDS)}
_FORMAT_NAMES = {"sqlite": "SQLite"}
_CSV_KINDS = {**_KINDS, "delimiter": one_of(DELIMITERS), "bom": YES_NO}


class DownloadRefused(APIException):
    """The table does not fit into the format."""

    status_code = 409
    default_code = "refused"
    problem_type = "export_refused"


View = TypeVar("View", bound=Callable[..., Any])


def _parameter(name: str, choices: Iterable[str], about: str, location: Any = "query") -> OpenApiParameter:
    words = list(choices)
    return OpenApiParameter(name, str, location, enum=words, description=about, examples=[example(words[0])])


def _describe(
    name: str, summary: str, endings: dict[str, str], *parameters: OpenApiParameter
) -> Callable[[View], View]:
    """Return the decorator that describes an export in OpenAPI."""
    decorator: Callable[[View], View] = extend_schema(
        tags=["exports"],
        operation_id=name,
        summary=summary,
        parameters=[_parameter("ending", endings, "The format of the file.", "path"), *parameters],
        responses=file_responses(endings.values()),
    )
    return decorator


class _ExportView(FileView):
    endings: ClassVar[dict[str, str]]
    """The media types of the formats, by ending."""

    schema = ClosedSchema()
    permission_classes = [MayRead, MayExport]

    def media_types(self) -> list[str]:
        """Return the media type of the file, or all of them for an unknown ending."""
        media_type = self.endings.get(self.kwargs.get("ending", ""))
        return [media_type] if media_type else list(self.endings.values())


class TableExportView(_ExportView):
    """A table as a file.

    CSV, XLSX, JSON and NDJSON contain its codes in the vendor's words: importing the file again changes nothing.
    SQLite contains its codes, the notes and incidents about them, and a full-text index.
    """

    endings = ENDINGS

    @_describe(
        "export_table",
        "Export a table",
        ENDINGS,
        IN_PATH["slug"],
        _parameter("words", WORDS, "`support` exports what agents read. Not for SQLite."),
        _parameter("delimiter", DELIMITERS, "What stands between two cells of CSV."),
        OpenApiParameter(
            "bom",
            bool,
            description="Begin CSV with a byte order mark, as Excel needs it for Chinese.",
            examples=[example(True)],
        ),
    )
    def get(self, request: Request, slug: str, ending: str) -> StreamingHttpResponse:
        """Return the file as a stream."""
        values = _options(request, ending, self.endings, _CSV_KINDS)
        table = CodeTable.objects.visible_to(request.user).filter(slug=slug).first()
        if table is None:
            raise NotFound(absence(CodeTable, slug))
        if ending not in FORMATS:
            return _file(sqlite.export_database(request.user, table), file_name(table, ending), ENDINGS[ending])
        try:
            form = CsvForm(values.get("delimiter", "comma"), values.get("bom", False))
            body = export_table(table, ending, values.get("words", "vendor"), form)
            return _file(body, file_name(table, ending), ENDINGS[ending])
        except ExportRefused as error:
            raise DownloadRefused(str(error)) from None


class SiteExportView(_ExportView):
    """Everything that the caller may read as one SQLite file: tables, codes, notes, incidents and their links."""

    endings = _SITE_ENDINGS

    @_describe("export_everything", "Export everything", _SITE_ENDINGS)
    def get(self, request: Request, ending: str) -> StreamingHttpResponse:
        """Return the file as a stream."""
        _options(request, ending, self.endings, {})
        return _file(sqlite.export_database(request.user), "codebook.sqlite", sqlite.CONTENT_TYPE)


def _options(request: Request, ending: str, endings: Iterable[str], kinds: Kinds) -> dict[str, Any]:
    """Return the values of a request's parameters. Raises BadParameters that names every bad one."""
    is_format = ending in endings
    errors = [] if is_format else [describe("ending", ending, "There is no export as {}.", endings)]
    values: dict[str, Any] = {}
    try:
        values = parse_query(query_of(request), kinds)
    except BadParameters as error:
        errors += error.errors
    bad = {error["parameter"] for error in errors}
    options = {name: str(request.query_params[name]) for name in request.query_params if name in kinds}
    errors += (
        _misplaced({name: value for name, value in options.items() if name not in bad}, ending) if is_format else []
    )
    if errors:
        raise BadParameters(errors)
    return values


def _misplaced(query: Mapping[str, str], ending: str) -> list[dict[str, Any]]:
    """Return the errors of options of another format."""
    formats = {name: [*FORMATS] if name in _KINDS else ["csv"] for name in query}
    name_of_format = _FORMAT_NAMES.get(ending, ending.upper())
    return [
        describe(name, query[name], f"It is not for {name_of_format}, only for {', '.join(allowed)}.", correction="")
        for name, allowed in formats.items()
        if ending not in allowed
    ]


def _file(body: Iterable[bytes], name: str, media: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(body, content_type=media)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response
