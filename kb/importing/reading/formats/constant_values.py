"""The value of a constant in source code: a literal as it is written, or a short sum of numbers and other constants."""

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence

from kb.importing.reading.formats.source_tokens import Token

_NUMBER = re.compile(r"(-?)(0[xX][0-9A-Fa-f_]{1,32}?|0[bB][01_]{1,64}|\d[\d_]{0,32})([uUlL]{0,3})")
_MAX_TOKENS = 24
_MAX_VALUE = 1 << 70
_OPERATIONS: dict[type, Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}


def literal_of(tokens: Sequence[Token], known: Mapping[str, int]) -> str | None:
    """Return the value of tokens: a number as it is written, a text, or a computed number; None for another."""
    if len(tokens) > _MAX_TOKENS:
        return None
    if len(tokens) == 1 and tokens[0].kind == "string":
        return tokens[0].text
    literals = [at for at, token in enumerate(tokens) if token.kind in ("number", "string")]
    signs = {token.text for token in tokens if token.kind == "sign"} - set("()")
    if len(literals) == 1 and signs <= {"-"} and not any(token.text in known for token in tokens):
        # One number, perhaps in brackets, behind a cast, or in a macro: `((HRESULT)0x80004005L)`.
        at = literals[0]
        number = _NUMBER.fullmatch(tokens[at].text)
        minus = "-" if at and tokens[at - 1].text == "-" else ""
        if tokens[at].kind == "string":
            return tokens[at].text
        return minus + number[2].replace("_", "") if number else None
    value = _computed("".join(f" {token.text} " for token in tokens), known)
    return None if value is None else str(value)


def value_of(literal: str) -> int | None:
    """Return the number that a literal stands for; None for another text."""
    number = _NUMBER.fullmatch(literal)
    if not number:
        return None
    digits = number[2].replace("_", "")
    value = (
        int(digits, 16) if digits[:2].lower() == "0x" else int(digits, 2) if digits[:2].lower() == "0b" else int(digits)
    )
    return -value if number[1] else value


def _computed(expression: str, constants: Mapping[str, int]) -> int | None:
    words = [_NUMBER.fullmatch(word) for word in expression.split()]
    numbers = [str(value_of(word[0].rstrip("uUlL"))) if word else "" for word in words]
    pieces = [number or word for number, word in zip(numbers, expression.split(), strict=True)]
    try:
        value = _evaluate(ast.parse(" ".join(pieces), mode="eval").body, constants)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return value if value is not None and abs(value) < _MAX_VALUE else None


def _evaluate(node: ast.expr, constants: Mapping[str, int]) -> int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Invert):
        value = _evaluate(node.operand, constants)
        return None if value is None else -value if isinstance(node.op, ast.USub) else ~value
    if isinstance(node, ast.BinOp):
        left, right = _evaluate(node.left, constants), _evaluate(node.right, constants)
        if left is None or right is None or max(abs(left), abs(right)) > _MAX_VALUE:
            return None
        if isinstance(node.op, ast.LShift):
            return left << right if 0 <= right < 64 else None
        operation = _OPERATIONS.get(type(node.op))
        return operation(left, right) if operation else None
    return None
