"""The formats that can be read, and which one a document is: by its bytes, its name, or how its text begins."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from kb.importing.reading.files import InputFile
from kb.importing.reading.formats import (
    aligned_text,
    archives,
    csv_dialect,
    csv_text,
    plain_text,
    properties,
    record_text,
    refusals,
    sql_text,
    toml_text,
)
from kb.importing.reading.formats.grids import code_header
from kb.importing.reading.sheets import Limits, Sheet
from kb.importing.reading.source_file import SourceFile

_JSON = re.compile(
    r'\ufeff?(?!\[\[[A-Za-z_][\w.-]{0,80}\]\])(?:\s|//[^\n]*+\n|/\*[^*]{0,2000}\*/){0,200}+(?:\{\s*+["}/]|\[\s*+[\[{\]/])'
)
_JSON_LINES = re.compile(r'\ufeff?\s*\{\s*"[^\n]*\}[ \t]*\n\s*\{\s*"')
_HTML = re.compile(
    r"\ufeff?\s*(?:<\?xml[^<>]{0,200}>\s*)?(?:<!--[^>]{0,500}>\s*)?"
    r"<(?:!doctype\s+html|html|head|body|div|table|h[1-6]|thead|tbody|tr|meta|style|dl|ul|ol|section|article|main|form|span|pre|nav|script|p)\b",
    re.IGNORECASE,
)
_XML = re.compile(r"\ufeff?\s*<(?:\?xml|resources|root|!DOCTYPE|!ENTITY)\b", re.IGNORECASE)
_ELEMENT = re.compile(r"\ufeff?\s*(?:<!--[^>]{0,2000}>\s*)?<([A-Za-z][\w.:-]{0,80})[\s/>]")
_HTML_PARTS = frozenset("p a b i br hr span center footer header nav em h1 h2 ul ol dl".split())
_PAGE_ARCHIVE = re.compile(r"(?:[A-Za-z-]{1,40}:[^\n]*\n(?:[ \t][^\n]*\n){0,20}){1,40}")
_WIKI_HEADER = re.compile(r"^\^[ \t]\S[^\n^]{0,200}\^[^\n]{0,2000}\^[ \t]*\n\|", re.MULTILINE)
_WIKI_TABLE = re.compile(r"^[ \t:]{0,9}\{\|[^\n|]{0,300}\n[ \t]{0,9}[|!]", re.MULTILINE)
_PIPES = re.compile(r"^[ \t]{0,9}(?:> )?\|?[ \t:]{0,9}-[-: \t]{0,99}\|[-|: \t]*$", re.MULTILINE)
_CODE_BULLETS = re.compile(r"^ {0,8}[-*+] (?:\*\*|`)\S|^#{1,6} \S[^\n]*\n\n", re.MULTILINE)
_RST = re.compile(r"^={2,}(?: {1,9}={2,})+ *$|^\+(?:[-=]{1,300}\+)+ *$|^\.\. (?:list|csv)-table::", re.MULTILINE)
_ADOC = re.compile(r"^\|={3,} *$", re.MULTILINE)
_SOURCE = re.compile(
    r"^[ \t]{0,20}#[ \t]{0,9}define[ \t]+\w+[ \t]+\S|^[ \t]{0,20}(?:[a-z]{1,9} ){0,3}enum\b[^\n;]*\{?$", re.MULTILINE
)
_YAML = re.compile(
    r"^(?:[\w\"'.-]{1,80}:|---||#[^\n]*|- [\w\"'.-]{1,80}: \S[^\n]*"
    r"|[ ]{1,8}- \S[^\n]*|[ ]{1,8}[\w\"'.-]{1,80}:(?: [^\n]*)?)$"
)


@dataclass(frozen=True, slots=True)
class Format:
    """One form of a table: its name, the endings of its files, its reader, and how to know its text.

    A sure form is also read from a file with another ending.
    """

    name: str
    endings: tuple[str, ...]
    read: Callable[[SourceFile], list[Sheet]]
    begins: Callable[[str], object]
    is_sure: bool = False


def _later(module: str, function: str = "read") -> Callable[[SourceFile], list[Sheet]]:
    """Return a reader whose module is loaded when it is used: some libraries take long to load."""

    def read(source_file: SourceFile) -> list[Sheet]:
        reader: Callable[[SourceFile], list[Sheet]] = getattr(import_module(f"{__package__}.{module}"), function)
        return reader(source_file)

    return read


def _never(sample: str) -> bool:
    return False


def _is_page_archive(sample: str) -> bool:
    head = _PAGE_ARCHIVE.match(sample)
    return head is not None and "multipart/" in head[0].lower()


def _is_html(sample: str) -> bool:
    # An article may be one of DocBook.
    return (bool(_HTML.match(sample)) or "<html" in sample[:2_000].lower()) and "<tgroup" not in sample


def _is_xml(sample: str) -> bool:
    """Whether a text declares that it is XML, or is one element from its beginning to its end."""
    if _XML.match(sample):
        return True
    element = _ELEMENT.match(sample)
    if element is None or element[1].lower() in _HTML_PARTS:
        return False
    return sample.rstrip().endswith((f"</{element[1]}>", "/>"))


def _is_markdown(sample: str) -> bool:
    if _WIKI_HEADER.search(sample):
        return False
    return bool(_PIPES.search(sample)) or "<table" in sample.lower() or len(_CODE_BULLETS.findall(sample)) > 1


def _is_yaml(sample: str) -> bool:
    lines = sample.split("\n")[:40]
    return len(lines) > 2 and ":" in sample and all(_YAML.match(line.rstrip()) for line in lines[:-1])


XLSX = Format("xlsx", ("xlsx", "xlsm"), _later("xlsx"), _never)
ODS = Format("ods", ("ods",), _later("spreadsheets", "read_ods"), _never)
XLS = Format("xls", ("xls",), _later("spreadsheets", "read_xls"), _never)
CSV = Format("csv", ("csv", "tsv", "tab"), csv_text.read, _never)
_read_json = _later("json_text")
_SOURCE_ENDINGS = (
    *"h hh hpp hxx c cc cpp cxx m mm cs java kt go rs ts mts js mjs cjs proto".split(),
    *"swift php rb pl lua dart scala groovy".split(),
)
_TEXTS = (
    Format("ndjson", ("ndjson", "jsonl"), _read_json, _JSON_LINES.match, True),
    Format("json", ("json", "jsonc", "json5"), _read_json, _JSON.match, True),
    Format("mhtml", ("mhtml", "mht"), _later("web_page", "read_archive"), _is_page_archive, True),
    Format("html", ("html", "htm", "xhtml"), _later("web_page"), _is_html, True),
    Format("xml", ("xml", "resx", "dita", "dbk", "docbook", "xlf"), _later("resources"), _is_xml, True),
    Format("diff", ("diff", "patch"), refusals.refuse_diff, refusals.DIFF.match, True),
    Format("sql", ("sql",), sql_text.read, sql_text.is_sql, True),
    Format("gettext", ("po", "pot"), refusals.refuse_gettext, refusals.GETTEXT.search, True),
    Format("latex", ("tex", "latex"), refusals.refuse_latex, _never),
    CSV,
    Format("wiki", ("wiki", "mediawiki"), _later("wiki_text"), _WIKI_TABLE.search, True),
    Format("records", (), record_text.read, record_text.begins, True),
    Format("rst", ("rst", "rest"), _later("rst_text"), _RST.search),
    Format("asciidoc", ("adoc", "asciidoc", "asc"), _later("asciidoc_text"), _ADOC.search),
    Format("source", _SOURCE_ENDINGS, _later("source_code"), _SOURCE.search),
    Format("strings", ("strings",), properties.read_strings, properties.begins_strings),
    Format("toml", ("toml",), toml_text.read, toml_text.begins),
    Format("python", ("py",), _later("python_text"), _never),
    Format("properties", ("properties", "ini", "cfg", "conf"), properties.read, properties.begins),
    Format("markdown", ("md", "mdx", "markdown"), _later("markdown"), _is_markdown),
    Format("yaml", ("yaml", "yml"), _later("yaml_text"), _is_yaml),
    Format("pipes", ("psv",), aligned_text.read_pipes, aligned_text.begins_with_pipes),
    Format("spaces", (), aligned_text.read_spaces, aligned_text.begins_with_spaces),
    Format("pairs", (), aligned_text.read_pairs, aligned_text.begins_with_pairs),
    Format("lines", (), plain_text.read, plain_text.begins),
)
"""The formats of text, in the order in which a sample is tried; CSV is what nothing else claims."""

_MARKDOWN_LIKE = ("markdown", "rst", "asciidoc", "source", "python", "yaml", "properties", "strings", "toml")


def open_archive(source_file: SourceFile, input_file: InputFile, limits: Limits) -> Format | None:
    """Return the format of a file that is no text; None for a text. The only file of an archive takes its place."""
    if input_file.is_gzip:
        source_file.file, source_file.name = archives.unpacked(input_file, source_file.name, limits)
    if source_file.file.is_zip and archives.kind_of(source_file.file) == "":
        source_file.file, source_file.name = archives.member_of(source_file.file, limits)
    if source_file.file.is_zip:
        return ODS if archives.kind_of(source_file.file) == "ods" else XLSX
    return XLS if source_file.file.is_old_excel else None


def text_format(source_file: SourceFile) -> Format:
    """Return the format of a text: CSV where somebody chose a delimiter, else by its name, else by how it begins."""
    if source_file.delimiter:
        return CSV
    sample = source_file.sample.replace("\r\n", "\n").replace("\r", "\n")
    ending = source_file.name.lower().rpartition(".")[2]
    named = next((form for form in _TEXTS if ending in form.endings), None)
    if named and named.name in _MARKDOWN_LIKE:
        return named
    if sure := next((form for form in _TEXTS if form.is_sure and form.begins(sample)), None):
        # A cell of CSV may be a tag.
        is_cell = (sure.name == "html" and "</" not in sample) or (sure.name == "xml" and not _XML.match(sample))
        return (
            CSV
            if named is CSV and is_cell
            else named
            if named and (named.begins(sample) or named.read is sure.read)
            else sure
        )
    if named and named is not CSV:
        return named
    if _is_delimited(sample, source_file):
        return CSV
    if named is CSV:
        return next((form for form in _TEXTS if form.name == "pipes" and form.begins(sample)), CSV)
    return next((form for form in _TEXTS if form.begins(sample)), CSV)


def _is_delimited(sample: str, source_file: SourceFile) -> bool:
    """Whether one of the first lines is a header of CSV."""
    lines = [line[:5_000] for line in sample.split("\n")[:40]]
    return any(
        code_header([(1, [cell.strip('" ') for cell in line.split(delimiter)])], source_file.columns) == 0
        for line in lines
        for delimiter in csv_dialect.DELIMITERS
        # A name of CSV may have a bar in it.
        if delimiter != "|" and line.count(delimiter) > line.count("|")
    )
