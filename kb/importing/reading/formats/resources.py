"""Resources of Android (`strings.xml`) and .NET (`.resx`): a name and its text.

Tables of DocBook and DITA are read as those of a web page, and other XML as lists.
"""

import re
from collections import Counter
from xml.parsers import expat

from kb.importing.reading.formats.entries import CODE, MESSAGE, Entry, sheet_of
from kb.importing.reading.formats.grids import tell
from kb.importing.reading.formats.web_page import page_sheets
from kb.importing.reading.formats.xml_lists import XmlLists
from kb.importing.reading.sheets import Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

MAX_DEPTH = 40
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_DOCUMENT = re.compile(r"<(?:\w{1,20}:)?(?:tgroup|simpletable)\b")
_TAGS = {"table": "div", "informaltable": "div", "tgroup": "table", "simpletable": "table", "title": "h2", "para": "p"}
_TAGS |= dict.fromkeys(("row", "strow", "sthead"), "tr") | dict.fromkeys(("entry", "stentry"), "td") | {"simpara": "p"}
_TAG = re.compile(rf"<(/?)(?:\w{{1,20}}:)?({'|'.join(_TAGS)})\b")
_SPAN = re.compile(r"\bmorerows=[\"'](\d{1,3})[\"']")
_SIGNS = {"n": "\n", "t": "\t"}
_OTHER_KINDS = {
    "Workbook": "an Excel file in the XML form of 2003. Save it as XLSX or CSV.",
    "package": "an office document in one XML file. Save it as XLSX or CSV.",
    "rss": "a news feed. It has no table of codes.",
    "feed": "a news feed. It has no table of codes.",
    "svg": "a picture (SVG). Save the table as CSV.",
    "xliff": "a file of translations (XLIFF). Export the codes with their texts as CSV.",
    "TS": "a file of translations (Qt). Export the codes with their texts as CSV.",
}


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the table of the resources, or of the lists in other XML. Raises Unreadable without one."""
    elements = _Elements(parser := _parser())
    _parse(source_file.text, parser)
    if _DOCUMENT.search(source_file.text):
        return page_sheets(_as_page(source_file.text), source_file)
    if not elements.entries:
        lists = XmlLists(parser := _parser())
        _parse(source_file.text, parser)
        if sheets := lists.sheets(source_file):
            return sheets
        if elements.root in ("resources", "root"):
            raise unreadable("no_list", "These resources have no strings.", SourcePlace(1))
        kind = f"XML with <{elements.root[:40]}>, without a list of codes. Export it as CSV."
        raise unreadable("other_xml", f"This is {kind}", SourcePlace(1))
    for name, lines in elements.others.items():
        message = f"{elements.counts[name]} elements <{name[:40]}> were left out: they have no text of their own."
        tell(source_file, lines, message)
    return [sheet_of(elements.entries, source_file.limits)]


def _as_page(text: str) -> str:
    """Return a document of DocBook or DITA with the elements that HTML has for its tables, headings and paragraphs."""
    text = _SPAN.sub(lambda span: f'rowspan="{int(span[1]) + 1}"', text)
    return _TAG.sub(lambda tag: f"<{tag[1]}{_TAGS[tag[2]]}", text)


def _parser() -> expat.XMLParserType:
    # The text is decoded already: what the document declares is not obeyed a second time.
    return expat.ParserCreate("utf-8")


def _parse(text: str, parser: expat.XMLParserType) -> None:
    """Parse a document. Raises Unreadable for a broken one, and what its handlers raise."""
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "it is broken")
        message = f"This is not valid XML at column {error.offset + 1}: {reason}."
        raise unreadable("broken_xml", message, SourcePlace(error.lineno)) from error


class _Elements:
    """Collects the strings of a document while it is parsed."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.parser = parser
        self.root = ""
        self.path: list[str] = []
        self.entries: list[Entry] = []
        self.others: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        self.entry: dict[str, list[str]] = {}
        self.line = 0
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._check_type
        parser.SkippedEntityHandler = self._refuse_entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_text

    def _check_type(self, name: str, system: str | None, public: str | None, has_declarations: int) -> None:
        # A type with an address is never fetched; declarations in the document itself can grow without end.
        if has_declarations:
            message = "XML that declares entities or a document type of its own is not read. Export the codes as CSV."
            raise unreadable("document_type", message, SourcePlace(self.parser.CurrentLineNumber))

    def _refuse_entity(self, name: str, is_parameter: int) -> None:
        message = f"This XML uses &{name[:40]};, which it does not declare. Write the character itself."
        raise unreadable("document_type", message, SourcePlace(self.parser.CurrentLineNumber))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        self.root = self.root or name
        if not self.path and (kind := _OTHER_KINDS.get(name.rpartition(":")[2])):
            raise unreadable("other_xml", f"This is {kind}", SourcePlace(line))
        if len(self.path) == MAX_DEPTH:
            raise unreadable("too_deep", f"This XML is nested more than {MAX_DEPTH} levels deep.", SourcePlace(line))
        if len(self.path) == 1 and self.root in ("resources", "root"):
            is_text = name == "string" or (name == "data" and not {"type", "mimetype"} & set(attributes))
            if is_text and attributes.get("name"):
                self.line, self.entry = line, {CODE.lower(): [attributes["name"]]}
            elif name not in ("resheader", "metadata", "assembly", "xsd:schema", "schema"):
                self.others.setdefault(name, line)
                self.counts[name] += 1
        self.path.append(name)

    def _end(self, name: str) -> None:
        self.path.pop()
        if len(self.path) == 1 and self.entry:
            texts = {key: "".join(parts).strip() for key, parts in self.entry.items()}
            if name == "string":
                texts[MESSAGE.lower()] = _android_text(texts.get(MESSAGE.lower(), ""))
            self.entries.append(Entry(self.line, texts))
            self.entry = {}

    def _add_text(self, text: str) -> None:
        if not self.entry:
            return
        is_string = self.path[1] == "string"
        key = MESSAGE.lower() if is_string or self.path[2:3] == ["value"] else "comment" if len(self.path) > 2 else ""
        if key:
            self.entry.setdefault(key, []).append(text)


def _android_text(text: str) -> str:
    """Return the text that Android shows: quotation marks and signs behind a backslash."""
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        text = text[1:-1]
    return _ESCAPE.sub(lambda sign: chr(int(sign[1], 16)) if sign[1] else _SIGNS.get(sign[2], sign[2]), text)
