"""Every regular expression of the product, with texts that make it backtrack as long as possible."""

import ast
import importlib
import re
from collections.abc import Iterator
from itertools import islice
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]

from kb.text.safety.rules import Pattern
from tests import ROOT

_CALLS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
_LETTERS = "a1 A\t\n-_.:/,'\"\\<>{[(#=@|x0*~中é\x00"
_ENDS = ("", "\x00!", "\n!")
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield each call that takes a pattern, with its module."""
    for folder in ("kb", "config"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _takes_a_pattern(node.func):
                    yield module, node


def _takes_a_pattern(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr in _CALLS
        and isinstance(function.value, ast.Name)
        and function.value.id == "re"
    )


def pattern_of(module: str, call: ast.Call) -> re.Pattern | None:
    """Return the pattern of a call; None where it is made of what only the running function knows."""
    names = dict(vars(importlib.import_module(module)))
    argument = call.args[0]
    try:
        found = eval(compile(ast.Expression(argument), module, "eval"), names)
        flags = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "flags")]
        use_flags = ast.unparse(call.func) == "re.compile" and flags
        given = eval(compile(ast.Expression(flags[0]), module, "eval"), names) if use_flags else 0
    except NameError:
        return None
    return found if isinstance(found, re.Pattern) else re.compile(found, given)


def kept_in(value: object, depth: int = 3) -> Iterator[re.Pattern]:
    """Yield the patterns in a module's value."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, Pattern):
        yield value.compiled
    elif depth and isinstance(value, dict):
        for one in value.values():
            yield from kept_in(one, depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from kept_in(one, depth - 1)


def _is_in(items: list, letter: str) -> bool:
    number, found, negated = ord(letter), False, False
    for kind, value in items:
        if kind is op.NEGATE:
            negated = True
        elif kind is op.LITERAL:
            found |= number == value
        elif kind is op.RANGE:
            found |= value[0] <= number <= value[1]
        elif kind is op.CATEGORY:
            name = str(value).removeprefix("CATEGORY_")
            tests = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}
            positive = re.match(tests[name.removeprefix("NOT_")], letter) is not None
            found |= positive != name.startswith("NOT_")
    return found != negated


def _letters(items: list) -> list[str]:
    first = [chr(value) for kind, value in items if kind is op.LITERAL]
    first += [chr(value[0]) for kind, value in items if kind is op.RANGE]
    return [letter for letter in [*_LETTERS, *first] if _is_in(items, letter)] or first[:1] or ["a"]


def _sample(tree: list, groups: dict) -> str:
    return "".join(_piece(kind, value, groups) for kind, value in tree)


def _piece(kind: object, value: object, groups: dict) -> str:
    """Return a text that a part of a pattern takes."""
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if kind is op.ANY:
        return "a"
    if kind is op.IN:
        return _letters(value)[0]
    if kind is op.BRANCH:
        return _sample(value[1][0], groups)
    if kind is op.SUBPATTERN:
        groups[value[0]] = _sample(value[3], groups)
        return groups[value[0]]
    if kind in _REPEATS:
        return _sample(value[2], groups) * max(value[0], 1)
    if kind is op.ATOMIC_GROUP:
        return _sample(value, groups)
    return groups.get(value, "") if kind is op.GROUPREF else ""


def _inside(kind: object, value: object) -> list[list]:
    if kind is op.BRANCH:
        return value[1]
    if kind is op.SUBPATTERN:
        return [value[3]]
    if kind in _REPEATS:
        return [value[2]]
    if kind is op.ATOMIC_GROUP:
        return [value]
    return [value[1]] if kind in (op.ASSERT, op.ASSERT_NOT) else []


def _pumps(tree: list, before: str, groups: dict) -> Iterator[tuple[str, str]]:
    """Yield what leads to each part that may repeat, and what it repeats."""
    for kind, value in tree:
        if kind in _REPEATS and (value[1] is op.MAXREPEAT or value[1] > 9):
            yield before, _sample(value[2], groups) or "a"
            if len(value[2]) == 1 and value[2][0][0] is op.IN:
                yield from ((before, letter) for letter in islice(_letters(value[2][0][1]), 1, 4))
        for inner in _inside(kind, value):
            yield from _pumps(inner, before, groups)
        before += _piece(kind, value, groups)


def attacks(pattern: re.Pattern) -> set[tuple[str, str, str]]:
    """Return texts, as a beginning, what is repeated, and an end, that let a pattern try as many ways as it has."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode()
    tree = list(_parser.parse(source, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else 0))
    texts = set()
    for before, pump in _pumps(tree, "", {}):
        texts |= {(before, pump, end) for end in _ENDS}
        texts |= {("", before + pump, end) for end in _ENDS}
    return texts | {("", letter, "!") for letter in "a1 \n"}


def way_of(module: str, call: ast.Call) -> str:
    """Return how a pattern is tried: `search` at every place of a text, unless its module's source shows that it
    is only tried at one place (`match`), or on the whole text (`fullmatch`).
    """
    if ast.unparse(call.func) != "re.compile":
        return ast.unparse(call.func).removeprefix("re.") if call.func.attr in ("match", "fullmatch") else "search"
    source = (ROOT / module.replace(".", "/")).with_suffix(".py")
    source = source if source.exists() else source.with_suffix("") / "__init__.py"
    text = source.read_text(encoding="utf-8")
    name = re.search(
        rf"(?m)^(\w+)\b[^\n]*= re\.compile\((?:\n\s*)?{re.escape(ast.get_source_segment(text, call.args[0]))}", text
    )
    used = set(re.findall(rf"\b{name[1]}\.(\w+)\b", text) if name else [])
    if not used or not used <= {"match", "fullmatch", "pattern"}:
        return "search"
    return "fullmatch" if "fullmatch" in used else "match"
