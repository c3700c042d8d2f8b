"""Properties of Java, INI files and `.strings` of Apple: a code, a sign and its text on each line."""

import re
from collections.abc import Iterator

from kb.importing.reading.formats.entries import CODE, MESSAGE, SECTION, Entry, is_like_code, sheet_of, target_of
from kb.importing.reading.formats.grids import tell
from kb.importing.reading.sheets import Sheet, unreadable
from kb.importing.reading.source_file import SourceFile

_PAIR = re.compile(r"((?:[^\\=:\s]|\\.){1,200}+)[ \t]*+[=:]?[ \t]*+(.*)", re.DOTALL)
_SECTION = re.compile(r"\[([^\[\]]{1,100})\]")
_UNICODE = re.compile(r"\\[uU]([0-9A-Fa-f]{4})|\\(.)", re.DOTALL)
_PAIR_LINE = re.compile(r"[\w./-]{1,60}[ \t]{0,9}=[ \t]{0,9}\S")
_STRING = re.compile(
    r'/\*.*?(?:\*/|\Z)|//[^\n]*+|(?:"((?:[^"\\\n]|\\.){1,200}+)"|(?<![\w.-])([\w.-]{1,200}+))\s{0,9}=\s{0,9}"((?:[^"\\]|\\.)*+)"\s{0,9};',
    re.DOTALL,
)
_SIGNS = {"n": "\n", "t": "\t", "r": "\n", "f": " "}


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the table of the properties. Raises Unreadable where they are settings, rather than codes."""
    return _sheets(list(_pairs(source_file.text)), source_file)


def read_strings(source_file: SourceFile) -> list[Sheet]:
    """Return the table of a file such as `Localizable.strings`. Raises Unreadable for other texts of a program."""
    pairs, line, at = [], 1, 0
    for match in _STRING.finditer(source_file.text):
        line, at = line + source_file.text.count("\n", at, match.start()), match.start()
        if match[3] is not None:
            pairs.append((line, "", _unescape(match[1] or match[2]), _unescape(match[3]).strip()))
    return _sheets(pairs, source_file)


def begins_strings(sample: str) -> bool:
    """Whether the first text that is no comment is a pair with a semicolon behind it."""
    match = next((match for match in _STRING.finditer(sample[:5_000]) if match[3] is not None), None)
    return match is not None and match[1] is not None and '"' not in sample[: match.start()].rpartition("*/")[2]


def _sheets(pairs: list[tuple[int, str, str, str]], source_file: SourceFile) -> list[Sheet]:
    names = [key for _, _, key, _ in pairs]
    fields = [key.rpartition(".")[2] for key in names]
    if 2 * sum(bool(target_of(name)) and "." in key for name, key in zip(fields, names, strict=True)) > len(names):
        entries = list(_groups(pairs))
    else:
        prefix = _prefix(names)
        if prefix:
            tell(source_file, pairs[0][0], f"All codes begin with {prefix}, which was taken off.", prefix)
        entries = [Entry(line, {SECTION: s, CODE: key[len(prefix) :], MESSAGE: text}) for line, s, key, text in pairs]
    codes = [entry.texts[CODE] or "" for entry in entries]
    texts = [text for *_, text in pairs]
    likely = sum(is_like_code(code) or code.isdigit() for code in codes)
    if not entries or (2 * likely < len(codes) and 2 * sum(" " in text for text in texts) < len(texts)):
        message = "These properties are settings, not codes with texts. Export the codes as CSV."
        raise unreadable("no_list", message)
    return [sheet_of(entries, source_file.limits)]


def begins(sample: str) -> bool:
    """Whether most lines of a text are a word, an equals sign and a text."""
    lines = [
        line for line in sample.split("\n")[:200] if line.strip() and not line.lstrip().startswith(("#", "!", "["))
    ]
    return len(lines) > 1 and sum(bool(_PAIR_LINE.match(line)) for line in lines) > 0.9 * len(lines)


def _pairs(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Yield the line, the section, the key and the text of each property."""
    lines, section, at = text.split("\n"), "", 0
    while at < len(lines):
        first, line = at, lines[at].strip(" \t\ufeff")
        at += 1
        if not line or line[0] in "#!;":
            continue
        if header := _SECTION.fullmatch(line):
            section = header[1].strip()
            continue
        parts = [line]
        while (len(parts[-1]) - len(parts[-1].rstrip("\\"))) % 2 and at < len(lines):
            parts[-1] = parts[-1][:-1]
            parts.append(lines[at].strip(" \t"))
            at += 1
        if pair := _PAIR.fullmatch("".join(parts)):
            yield first + 1, section, _unescape(pair[1]), _unescape(pair[2]).strip()


def _groups(pairs: list[tuple[int, str, str, str]]) -> Iterator[Entry]:
    """Yield the codes of properties such as `E101.message` and `E101.solution`."""
    groups: dict[tuple[str, str], tuple[int, dict[str, str]]] = {}
    for line, section, key, text in pairs:
        code, _, name = key.rpartition(".")
        code, name = (code, name) if code and target_of(name) else (key, MESSAGE.lower())
        groups.setdefault((section, code), (line, {}))[1][name] = text
    prefix = _prefix([code for _, code in groups])
    for (section, code), (line, texts) in groups.items():
        yield Entry(line, {SECTION: section, CODE: code[len(prefix) :], **texts})


def _prefix(keys: list[str]) -> str:
    """Return the words, such as `error.`, that stand before each code; "" where the rest is no code with digits."""
    first = keys[0] if keys else ""
    for end in (at for at in range(len(first), 0, -1) if first[at - 1] == "."):
        rests = [key[end:] for key in keys]
        if all(key.startswith(first[:end]) for key in keys) and not any(map(str.isdigit, first[:end])):
            return first[:end] if len(keys) > 1 and all(any(map(str.isdigit, rest)) for rest in rests) else ""
    return ""


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _UNICODE.sub(lambda sign: chr(int(sign[1], 16)) if sign[1] else _SIGNS.get(sign[2], sign[2]), text)
