"""A code taken apart, for the shell."""

from collections.abc import Iterator

from kb.management.terminal import indent, safe
from kb.queries.code_parts import CodeAnatomy


def anatomy_lines(anatomy: CodeAnatomy | None) -> Iterator[str]:
    """Yield what the parts of a code mean, and what tables say about the code inside it."""
    if anatomy:
        yield indent(anatomy.parts.summary)
        for code in anatomy.inner:
            yield indent(f"{safe(code.code)}  {safe(code.description)} ({safe(str(code.table))})", "    ")
