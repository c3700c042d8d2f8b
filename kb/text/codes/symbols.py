"""Symbols: the names that vendors give to codes, such as STATUS_ACCESS_VIOLATION, and how people write them."""

import re

MAX_SYMBOL = 200
"""Longest symbol, in characters."""

PREFIXES = ("ERRCODE_T_R_", "ERRCODE_", "ERROR_", "ERR_", "STATUS_", "E_")
"""Beginnings that vendors give to all of their symbols, and that people leave out."""

_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+")
_SNAKE = re.compile(r"(?=[A-Za-z0-9-]*+_)[A-Za-z][A-Za-z0-9]*+(?:[_-][A-Za-z0-9]++)++\Z")
_CAPITALS = re.compile(r"[A-Z]{5}[A-Z0-9]*+\Z")
_CAMEL = re.compile(r"(?:[A-Z]+[a-z][a-z0-9]*){2,}[A-Z]*\Z")


def looks_like_a_symbol(token: str) -> bool:
    """Whether a word has the form of a symbol: `NOT_FOUND`, `undefined_table`, `ECONNRESET`, `UniqueViolation`."""
    if len(token) > MAX_SYMBOL or not token.isascii():
        return False
    return bool(_CAPITALS.match(token) or _CAMEL.match(token) or ("_" in token and _SNAKE.match(token)))


def symbol_names(token: str) -> tuple[str, ...]:
    """Return the symbols that a word may mean, in capitals, the literal one first; () if it has no symbol's form."""
    if not looks_like_a_symbol(token):
        return ()
    names = [token.upper(), token.upper().replace("-", "_")]
    if "_" not in token and not token.isupper():
        names.append("_".join(_HUMPS.findall(token)).upper())
    for name in tuple(names):
        names += [name.removeprefix(prefix) for prefix in PREFIXES if name.startswith(prefix)]
    names += [prefix + name for name in tuple(names) for prefix in PREFIXES]
    return tuple(dict.fromkeys(names))


def symbol_words(symbol: str) -> str:
    """Return a symbol in words, without the beginning that its vendor gives to all: `ERRCODE_DISK_FULL`."""
    name = next((symbol.removeprefix(prefix) for prefix in PREFIXES if symbol.startswith(prefix)), symbol)
    return " ".join(_HUMPS.findall(name)).lower()
