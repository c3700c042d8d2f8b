"""Answers as Markdown, for resources and prompts."""

from typing import Any

from pydantic import BaseModel

from kb.mcp.quotes import as_json


def document(title: str, answer: BaseModel) -> str:
    """Return an answer as Markdown: its texts as they are, between the marks; its lists under headings.

    It is about as long as the answer is as JSON.
    """
    values = as_json(answer)
    if not values.get("partial"):
        values.pop("partial", None)
    return "\n\n".join([f"# {title}", *_lines(values, "")]) + "\n"


def _lines(values: dict[str, Any], above: str) -> list[str]:
    plain = [
        f"**{name}:** {_plain(value)}"
        for name, value in values.items()
        if _is_plain(value) and value not in (None, "", [])
    ]
    nested = [line for name, value in values.items() if not _is_plain(value) for line in _nested(above + name, value)]
    return plain + nested


def _nested(name: str, value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    # The names above stand in each heading: Markdown has only six levels.
    return [line for item in items if item for line in [f"## {name}", *_lines(item, f"{name} / ")]]


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict) and not (isinstance(value, list) and any(isinstance(one, dict) for one in value))


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
