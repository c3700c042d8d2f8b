"""Resources: codes, tables and notes by their addresses, as Markdown. The texts of others are quoted."""

from collections.abc import Callable
from functools import partial
from urllib.parse import quote, unquote

from mcp_types import ListResourcesResult, ListResourceTemplatesResult, Resource, ResourceTemplate

from kb.mcp import shapes
from kb.mcp.answers import GetNote, WholeTable
from kb.mcp.asked_codes import Looking, count
from kb.mcp.documents import document
from kb.mcp.quotes import MAX_BYTES, data, first_fitting, size
from kb.mcp.tools import Caller, ToolRefused, get_note, looked_up, may_call
from kb.models import CodeTable
from kb.models.tokens import READING
from kb.queries import tables
from kb.queries.lookup import find_code

MARKDOWN = "text/markdown"
MAX_LISTED = 20
"""Tables that the list of resources has."""

_SCHEME = "codebook://"


def _template(name: str, title: str, path: str, about: str) -> ResourceTemplate:
    return ResourceTemplate(
        name=name, title=title, uri_template=f"{_SCHEME}{path}", description=about, mime_type=MARKDOWN
    )


TEMPLATES = ListResourceTemplatesResult(
    resource_templates=[
        _template("code", "A return code", "codes/{table}/{code}", "All meanings of a code in a table."),
        _template(
            "section-code", "A return code of a section", "codes/{table}/{section}/{code}", "A code of one section."
        ),
        _template("table", "A code table", "tables/{slug}", "A table with its sections."),
        _template("note", "A troubleshooting note", "notes/{id}", "A note by its id."),
    ]
)


def listed(caller: Caller) -> ListResourcesResult:
    """Return the tables that the caller may read: codes and notes are too many, and have templates."""
    listed_tables = tables.with_counts(caller.user) if may_call(caller, READING) else []
    return ListResourcesResult(resources=[_resource(table) for table in listed_tables[:MAX_LISTED]])


def _resource(table: CodeTable) -> Resource:
    return Resource(
        name=table.slug,
        uri=f"{_SCHEME}tables/{quote(table.slug, safe='')}",
        description=data(str(table), shapes.NAME),
        mime_type=MARKDOWN,
    )


def read(uri: str, caller: Caller) -> str:
    """Return a resource as Markdown. Raises ToolRefused, which says what there is instead."""
    if not may_call(caller, READING):
        raise ToolRefused(f"A resource needs a token with the scope {' or '.join(sorted(READING))}.")
    # A code may contain a slash: each part of an address is escaped on its own.
    kind, *parts = [unquote(part).replace("\x00", "") for part in uri.removeprefix(_SCHEME).split("/")]
    readers: dict[tuple[str, int], Callable[..., str]] = {
        ("codes", 2): _code,
        ("codes", 3): _section_code,
        ("tables", 1): _table,
        ("notes", 1): _note,
    }
    reader = readers.get((kind, len(parts)))
    if reader is None or not uri.startswith(_SCHEME):
        templates = ", ".join(template.uri_template for template in TEMPLATES.resource_templates)
        raise ToolRefused(f"There is no resource {uri[:200]}. Resources: {templates}.")
    return reader(caller, *parts)


def _code(caller: Caller, slug: str, code: str) -> str:
    return _read_code(caller, slug, None, code)


def _section_code(caller: Caller, slug: str, section: str, code: str) -> str:
    return _read_code(caller, slug, section, code)


def _read_code(caller: Caller, slug: str, section_slug: str | None, code: str) -> str:
    table = _visible_table(caller, slug)
    section = tables.section_by_slug(table, section_slug) if section_slug is not None else None
    hits = section is not None or section_slug is None
    answer = find_code(code, caller.user, table, section, is_typed=False) if hits else None
    if answer is None or not answer.hits:
        place = f"{slug}/{section_slug}" if section_slug is not None else slug
        raise ToolRefused(f"There is no code {code[:100]} in {place[:100]}. Call lookup_codes for near codes.")
    looking = Looking(answer, [])
    count([looking], caller.user)
    whole = looked_up([looking], caller)
    if whole.partial:
        whole.go_on = f"Call lookup_codes with the code, table={table.slug} and skip={len(whole.verdicts)}."
    return document("Return code", whole)


def _table(caller: Caller, slug: str) -> str:
    table = _visible_table(caller, slug)
    sections = tables.with_section_counts(table)
    answer = WholeTable(table=shapes.table_item(table, caller.address, shapes.NAME), sections=[])
    builders = [partial(shapes.section_item, section) for section in sections]
    answer.sections = first_fitting(builders, MAX_BYTES - size(answer) - 400)
    if len(answer.sections) < len(sections):
        answer.partial, answer.go_on = True, f"Its page lists all sections: {answer.table.url}"
    return document("Code table", answer)


def _note(caller: Caller, number: str) -> str:
    if not (number.isascii() and number.isdigit() and len(number) < 19 and int(number)):
        raise ToolRefused(f"“{number[:100]}” is not the id of a note. Call search_notes.")
    note = get_note(GetNote(note_id=int(number)), caller)
    if note.partial:
        note.go_on = f"Call get_note with note_id={note.id} and skip={len(note.parts)}."
    return document("Troubleshooting note", note)


def _visible_table(caller: Caller, slug: str) -> CodeTable:
    table = next((table for table in tables.with_counts(caller.user) if table.slug == slug), None)
    if table is None:
        raise ToolRefused(f"There is no table {slug[:80]}, or you may not read it. Call list_tables.")
    return table
