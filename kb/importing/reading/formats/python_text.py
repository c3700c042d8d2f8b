"""Python: maps of codes and constants. It is parsed, and never run."""

import ast
from collections.abc import Iterator

from kb.importing.reading.formats.entries import CODE, MESSAGE, NAME, SECTION, Entry, is_like_code, sheet_of
from kb.importing.reading.formats.grids import tell
from kb.importing.reading.formats.object_maps import map_branch, sheets_of_maps
from kb.importing.reading.formats.trees import Branch
from kb.importing.reading.sheets import Number, Sheet, SourcePlace, unreadable
from kb.importing.reading.source_file import SourceFile

MAX_CHARACTERS = 2_000_000


def read(source_file: SourceFile) -> list[Sheet]:
    """Return the tables of the maps in a file, or else of its constants. Raises Unreadable without one."""
    if len(source_file.text) > MAX_CHARACTERS:
        raise unreadable("too_many_bytes", f"This Python has more than {MAX_CHARACTERS} characters, the limit.")
    try:
        tree = ast.parse(source_file.text)
        pairs = list(_pairs(tree))
        maps = [_branch(name, node) for _, name, node in pairs if isinstance(node, ast.Dict | ast.List)]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        reason = getattr(error, "msg", "") or "it is nested too deeply"
        raise unreadable("broken_source", f"This is not valid Python: {reason}.", SourcePlace(line or 1)) from error
    lines = source_file.text.split("\n")
    entries = [entry for group, name, node in pairs if (entry := _entry(group, name, node, lines))]
    texts = {key: text for part in reversed(maps) if isinstance(part.value, dict) for key, text in part.value.items()}
    joined = [_with_text(entry, texts.get(entry.texts.get(NAME) or "")) for entry in entries]
    if 2 * sum(new is not old for new, old in zip(joined, entries, strict=True)) >= len(entries) > 0:
        return [sheet_of(joined, source_file.limits)]
    if sheets := sheets_of_maps(maps, source_file):
        if entries:
            message = f"{len(entries)} constants beside the maps were left out, such as {entries[0].texts.get(NAME)}."
            tell(source_file, entries[0].line, message)
        return sheets
    if not entries:
        message = "This source code has no maps or constants with codes. Export the codes as CSV."
        raise unreadable("no_list", message)
    return [sheet_of(entries, source_file.limits)]


def _with_text(entry: Entry, text: object) -> Entry:
    """Return a constant with the text that a map gives to it."""
    if not isinstance(text, str) or not text or isinstance(text, Number):
        return entry
    comment = entry.texts.get(MESSAGE)
    return Entry(entry.line, {**entry.texts, MESSAGE: text, **({"Comment": comment} if comment else {})})


def _pairs(tree: ast.Module) -> Iterator[tuple[str, str, ast.expr]]:
    """Yield the class, the name and the value of each constant."""
    classes = [("", tree.body), *((node.name, node.body) for node in tree.body if isinstance(node, ast.ClassDef))]
    for group, body in classes:
        for node in body:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name) and node.value:
                yield group, target.id, node.value


def _branch(key: str, node: ast.expr, line: int = 0) -> Branch:
    line = line or node.lineno
    if isinstance(node, ast.Dict):
        pairs = [(child, value) for child, value in zip(node.keys, node.values, strict=True) if child]
        return map_branch(key, line, [_branch(_word(child), value, child.lineno) for child, value in pairs])
    branches = [_branch("", child) for child in node.elts] if isinstance(node, ast.List | ast.Tuple) else []
    value = [branch.value for branch in branches] if branches else _text(node)
    return Branch(key, line, value, lambda: iter(branches))


def _word(node: ast.expr) -> str:
    """Return a key: a text, a number, or the last name of `Errors.NOT_FOUND`."""
    return _text(node) or getattr(node, "attr", "") or getattr(node, "id", "")


def _text(node: ast.expr) -> str:
    """Return a text or a number as it is; "" for what is computed."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return Number(f"-{_text(node.operand)}")
    if not isinstance(node, ast.Constant) or type(node.value) not in (str, int):
        return ""
    return node.value if isinstance(node.value, str) else Number(str(node.value))


def _entry(group: str, name: str, node: ast.expr, lines: list[str]) -> Entry | None:
    """Return the code of `NAME = 404  # text` or `NAME = 404, "text"`; None for another constant."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    words = [text for part in parts if (text := _text(part))]
    if not words or not name.isupper() or len(words) < len(parts):
        return None
    behind = (
        lines[(node.end_lineno or 1) - 1].encode()[node.end_col_offset or 0 :].decode(errors="replace").strip(" ),")
    )
    comment = behind.lstrip("# ") if behind.startswith("#") else ""
    is_code = isinstance(words[0], Number) or is_like_code(words[0])
    code, text = (words[0], " ".join(words[1:])) if is_code else (name, " ".join(words))
    return Entry(node.lineno, {SECTION: group, CODE: code, NAME: name if is_code else None, MESSAGE: text or comment})
