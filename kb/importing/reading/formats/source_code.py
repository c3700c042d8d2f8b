"""Codes in source code: constants and enums of C, C++, C#, Go, Java, Kotlin, PHP, Rust, Swift, TypeScript and others.

What the code gives to a constant as its text, in a map or a switch, is its text, else its comment. An enum is a section
where a file has several. Where there are no constants, maps and arrays of codes are read.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from kb.importing.reading.formats.constant_values import literal_of, value_of
from kb.importing.reading.formats.entries import CODE, MESSAGE, NAME, SECTION, Entry, is_like_code, sheet_of, target_of
from kb.importing.reading.formats.grids import tell
from kb.importing.reading.formats.object_maps import map_sheets
from kb.importing.reading.formats.source_constants import HINT, Constant, ConstantGroup, ConstantWalk
from kb.importing.reading.formats.source_tokens import Token, tokens_of
from kb.importing.reading.formats.text_pairs import TextPair, pairs_of_codes, pairs_of_names
from kb.importing.reading.sheets import Sheet, unreadable
from kb.importing.reading.source_file import SourceFile

_NAMED_ENUMS = {"java", "kt", "rs", "swift", "py", "php"}
"""Endings of languages in which a value of an enum without a number is not counted: its name is the code."""

_SCRIPTS = {"js", "mjs", "cjs", "ts", "mts", "php", "rb", "dart", "groovy"}
"""Endings of languages that have maps."""

_COMMENT = "Comment"
_LEAST_JOINED = 0.3
"""Share of constants that must have a text in the code: below, the texts are words of a log, for example."""


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the table of the constants. Raises Unreadable without one."""
    ending = source_file.name.lower().rpartition(".")[2]
    tokens = tokens_of(source_file.text, is_script=ending in ("php", "rb", "pl"))
    walk = ConstantWalk(tokens, is_ruby=ending == "rb")
    groups = [group for group in walk.groups() if group.members]
    if walk.versions:
        names = ", ".join(constant.name for constant in walk.versions[:5])
        tell(source_file, walk.versions[0].line, f"{names[:200]} was left out: it is a version, no code.", names)
    known: dict[str, int] = {}
    tables = [(group, _entries(group, known, ending in _NAMED_ENUMS, source_file)) for group in groups]
    tables = [(group, entries) for group, entries in tables if entries]
    chosen = [(group, entries) for group, entries in tables if _is_hinted(group)]
    rows = [entry for _, entries in tables for entry in entries]
    has_texts = 2 * len(_texts_of(rows, tokens)) >= len(rows) > 0
    if not chosen and not has_texts and ending in _SCRIPTS and (sheets := map_sheets(tokens, source_file)):
        return sheets
    chosen = chosen or tables
    for group, entries in tables:
        if not any(group is other for other, _ in chosen):
            name = f"The constants of {group.name}" if group.name else f"{len(entries)} constants"
            tell(source_file, entries[0].line, f"{name} were left out: they are not named like codes.", group.name)
    sections = len(chosen) > 1
    rows = [
        Entry(entry.line, {SECTION: group.name if sections else "", **entry.texts})
        for group, entries in chosen
        for entry in entries
    ]
    rows = _with_texts(rows, tokens, source_file) if rows else _pairs_alone(tokens, source_file)
    if not rows:
        message = "This source code has no constants, enums or maps with codes. Export the codes as CSV."
        raise unreadable("no_list", message)
    return [sheet_of(rows, source_file.limits)]


def _with_texts(rows: list[Entry], tokens: Sequence[Token], source_file: SourceFile) -> list[Entry]:
    """Return the constants with the texts that the code gives to them; tells of texts that are not read."""
    texts = _texts_of(rows, tokens)
    matches = [texts.get(_name(row), []) for row in rows]
    count = sum(map(bool, matches))
    if not count:
        return rows
    first = next(pairs[0] for pairs in matches if pairs)
    if count < 2 or count < _LEAST_JOINED * len(rows):
        message = f"{count} constants have a text elsewhere in the code, which was not read, such as {first.text[:60]}."
        tell(source_file, first.line, message, first.text)
        return rows
    others = [pair for pairs in matches for pair in pairs[1:] if pair.text != pairs[0].text]
    if others:
        message = f"{len(others)} further texts of the same constants were left out, such as {others[0].text[:60]}."
        tell(source_file, others[0].line, message, others[0].text)
    return [_with_text(row, pairs[0].text) if pairs else row for row, pairs in zip(rows, matches, strict=True)]


def _texts_of(rows: Sequence[Entry], tokens: Sequence[Token]) -> dict[str, list[TextPair]]:
    """Return the texts that follow the name of each constant, or its number where no name has one."""
    texts: dict[str, list[TextPair]] = {}
    if not any(token.kind == "string" for token in tokens):
        return texts
    by_name = {_name(row): row for row in rows}
    for pair in pairs_of_names(tokens, set(by_name)):
        # The value of a constant, and a word where it has a comment, are no texts of it.
        row = by_name[pair.key]
        if pair.text != row.texts[CODE] and (" " in pair.text or not pair.text.isascii() or not row.texts.get(MESSAGE)):
            texts.setdefault(pair.key, []).append(pair)
    if texts:
        return texts
    by_code = {row.texts[CODE]: _name(row) for row in rows}
    numbers = [pair for pair in pairs_of_codes(tokens) if pair.key in by_code and " " in pair.text]
    if 2 * len({pair.key for pair in numbers}) >= len(rows):
        for pair in numbers:
            texts.setdefault(by_code[pair.key], []).append(pair)
    return texts


def _name(entry: Entry) -> str:
    return entry.texts.get(NAME) or entry.texts[CODE] or ""


def _with_text(row: Entry, text: str) -> Entry:
    comment = row.texts.get(MESSAGE) or ""
    more = {_COMMENT: comment} if comment and comment != text else {}
    return Entry(row.line, {**row.texts, MESSAGE: text, **more})


def _with_options(row: Entry, options: Mapping[str, str]) -> Entry:
    texts = {MESSAGE if target_of(name) == "description" else name: text for name, text in options.items()}
    return Entry(row.line, {**row.texts, **texts})


def _pairs_alone(tokens: Sequence[Token], source_file: SourceFile) -> list[Entry]:
    """Return the codes of maps and arrays such as `{1001, "Door is open"}`; [] for other texts."""
    pairs = list(pairs_of_codes(tokens))
    if len(pairs) < 2 or 2 * sum(" " in pair.text for pair in pairs) < len(pairs):
        return []
    read = {text for pair in pairs for text in (pair.key, pair.text)}
    more = [token for token in tokens if token.kind == "string" and token.text not in read]
    if more:
        message = f"{len(more)} further texts were left out, such as {more[0].text[:60]}."
        tell(source_file, more[0].line, message, more[0].text)
    return [Entry(pair.line, {CODE: pair.key, MESSAGE: pair.text}) for pair in pairs]


def _is_hinted(group: ConstantGroup) -> bool:
    hints = sum(bool(HINT.search(member.name)) for member in group.members)
    return bool(HINT.search(group.name)) or 2 * hints >= len(group.members)


def _entries(group: ConstantGroup, known: dict[str, int], is_named: bool, source_file: SourceFile) -> list[Entry]:
    """Return the codes of a group; a value that cannot be computed is reported."""
    entries, following = [], 0
    unknown: list[Constant] = []
    _drop_group_comments(group.members, source_file)
    for member in group.members:
        texts = {NAME: member.name, MESSAGE: member.text}
        if member.arguments:
            texts = _of_arguments(member)
        elif member.value:
            literal = literal_of(member.value, known)
            if literal is None:
                unknown.append(member)
                continue
            number = value_of(literal)
            if number is not None:
                known[member.name], following = number, number + 1
            if number is None and not is_like_code(literal) and not literal.isdigit():
                # The value is the text of a code that is only named.
                texts = {CODE: member.name, MESSAGE: literal or member.text}
            else:
                texts[CODE] = literal
        elif group.is_enum and not is_named:
            known[member.name], following, texts[CODE] = following, following + 1, str(following)
        elif group.is_enum:
            texts = {CODE: member.name, MESSAGE: member.text}
        else:
            continue
        entry = Entry(member.line, {CODE: texts.pop(CODE), **texts})
        entry = _with_text(entry, member.attribute) if member.attribute else entry
        entries.append(_with_options(entry, member.options) if member.options else entry)
    _tell_of_constants(group, unknown, source_file)
    return entries


def _tell_of_constants(group: ConstantGroup, unknown: Sequence[Constant], source_file: SourceFile) -> None:
    """Tell of constants that the code defines more than once, and of those without a value."""
    counts = Counter(member.name for member in group.members)
    if repeated := [name for name, count in counts.items() if count > 1]:
        names = ", ".join(repeated[:5])
        message = f"{len(repeated)} constants are there more than once, perhaps for other systems: {names[:200]}."
        tell(source_file, next(member.line for member in group.members[::-1] if member.name == repeated[0]), message)
    if unknown:
        names = ", ".join(member.name for member in unknown[:5])
        message = (
            f"{len(unknown)} constants were left out, because their values are not numbers or texts: {names[:200]}."
        )
        tell(source_file, unknown[0].line, message)


def _drop_group_comments(members: list[Constant], source_file: SourceFile) -> None:
    """Take the comment above several constants off the first of them: it is a title, while the others have none."""
    for member, following in pairwise(members):
        if member.above and not following.above and following.line == member.line + 1:
            tell(source_file, member.line, "A comment above several constants was left out.", member.text)
            member.text = ""


def _of_arguments(member: Constant) -> dict[str, str]:
    """Return the texts of a value such as `NOT_FOUND(404, "Not found")`."""
    minus = [False, *(argument.text == "-" for argument in member.arguments)]
    words = [
        f"-{argument.text}" if is_negative and argument.kind == "number" else argument.text
        for argument, is_negative in zip(member.arguments, minus, strict=False)
        if argument.kind in ("number", "string")
    ]
    code = next((word for word in words if value_of(word) is not None or is_like_code(word) or word.isdigit()), "")
    texts = [word for word in words if word != code]
    row = {CODE: code, NAME: member.name} if code else {CODE: member.name}
    row[MESSAGE] = texts[0] if texts else member.text
    for number, text in enumerate(texts[1:], 2):
        row[f"Argument {number + bool(code)}"] = text
    return row
