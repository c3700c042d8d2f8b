"""Resources of Android (`strings.xml`) and .NET (`.resx`): a name and its text. Other XML is refused by its kind."""

from collections import Counter
from xml.parsers import expat

from kb.importing.reading.formats.entries import CODE, MESSAGE, Entry, sheet_of
from kb.importing.reading.formats.grids import tell
from kb.importing.reading.sheets import Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

MAX_DEPTH = 40
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
    """Return the table of the resources. Raises Unreadable for other XML, with what it is."""
    # The text is decoded already, so what the document declares does not count.
    parser = expat.ParserCreate("utf-8")
    elements = _Elements(parser)
    try:
        parser.Parse(source_file.text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        reason = expat.errors.messages.get(error.code, "it is broken")
        message = f"This is not valid XML at column {error.offset + 1}: {reason}."
        raise unreadable("broken_xml", message, SourcePlace(error.lineno)) from error
    for name, lines in elements.others.items():
        message = f"{elements.counts[name]} elements <{name[:40]}> were left out: they have no text of their own."
        tell(source_file, lines, message)
    if not elements.entries:
        raise unreadable("no_list", "These resources have no strings.", SourcePlace(1))
    return [sheet_of(elements.entries, source_file.limits)]


class _Elements:
    """Collects the strings of a document while it is parsed."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.parser = parser
        self.path: list[str] = []
        self.entries: list[Entry] = []
        self.others: dict[str, int] = {}
        self.counts: Counter[str] = Counter()
        self.entry: dict[str, list[str]] = {}
        self.line = 0
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_type
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_text

    def _refuse_type(self, *declaration: object) -> None:
        message = "XML that declares a document type or entities is not read. Export the codes as CSV."
        raise unreadable("document_type", message, SourcePlace(self.parser.CurrentLineNumber))

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        if not self.path and name not in ("resources", "root"):
            kind = _OTHER_KINDS.get(name.rpartition(":")[2], f"XML with <{name[:40]}>, not a table. Export it as CSV.")
            raise unreadable("other_xml", f"This is {kind}", SourcePlace(line))
        if len(self.path) == MAX_DEPTH:
            raise unreadable("too_deep", f"This XML is nested more than {MAX_DEPTH} levels deep.", SourcePlace(line))
        if len(self.path) == 1:
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
    for sign, meaning in (("\\n", "\n"), ("\\t", "\t"), ("\\'", "'"), ('\\"', '"'), ("\\@", "@"), ("\\?", "?")):
        text = text.replace(sign, meaning)
    return text
