"""A code taken apart, for the shell."""

from collections.abc import Iterator
from typing import Any

from kb.management.terminal import indent, safe
from kb.queries.code_parts import CodeAnatomy


def anatomy_lines(anatomy: CodeAnatomy | None) -> Iterator[str]:
    """Yield what the parts of a code mean, and what tables say about the code inside it."""
    if anatomy:
        yield indent(anatomy.parts.summary)
        for code in anatomy.inner:
            yield indent(f"{safe(code.code)}  {safe(code.description)} ({safe(str(code.table))})", "    ")


def anatomy_as_json(anatomy: CodeAnatomy | None) -> dict[str, Any] | None:
    """Return the parts of a code and the code inside it, as JSON."""
    if anatomy is None:
        return None
    inner = anatomy.parts.inner
    meanings = [
        {"code": code.code, "table": code.table.slug, "description": code.description, "path": code.get_absolute_url()}
        for code in anatomy.inner
    ]
    return {
        "family": anatomy.parts.family,
        "parts": [part._asdict() for part in anatomy.parts.parts],
        "inner": {"family": inner.title, "code": inner.code, "meanings": meanings} if inner else None,
    }
