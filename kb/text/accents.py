"""Text in one spelling: without accents, width and ligatures, and without case where that says so."""

import unicodedata


def fold_accents(text: str) -> str:
    """Return text without accents and width, in characters that every database stores. Case stays."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text.encode("utf-8", "ignore").decode())
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare)


def fold_case(text: str) -> str:
    """Return text without accents, width and case: `ÉCLAIR` and `eclair` become equal."""
    return fold_accents(text).casefold()
