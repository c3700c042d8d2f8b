"""Phrasings: questions in the words of customers and agents, one a line, by which a search finds a code or a note."""

MAX_LINES = 50
"""Most phrasings of one code or note."""

MAX_LENGTH = 200
"""Most characters of a phrasing."""


def phrasings_of(text: str) -> list[str]:
    """Return the phrasings of a text with one a line: without empty lines, outer space and repeats in another case."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return list({line.casefold(): line for line in reversed(lines) if line}.values())[::-1]


def tidy(text: str) -> str:
    """Return the text of a box of phrasings as it is stored. Raises ValueError, which names the line and the limit."""
    for number, line in enumerate(text.splitlines(), 1):
        if len(line.strip()) > MAX_LENGTH:
            raise ValueError(f"Line {number} has {len(line.strip())} characters; the limit is {MAX_LENGTH}.")
    phrasings = phrasings_of(text)
    if len(phrasings) > MAX_LINES:
        raise ValueError(f"There are {len(phrasings)} phrasings; the limit is {MAX_LINES}.")
    return "\n".join(phrasings)


def with_phrasing(text: str, phrasing: str) -> str:
    """Return the text of a box with one more phrasing at its end, unless it has it."""
    return "\n".join(phrasings_of(f"{text}\n{phrasing}"))
