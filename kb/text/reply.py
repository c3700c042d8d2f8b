"""The reply to a customer: a note's text with its placeholders filled in."""

from datetime import date


def fill(reply: str, code: str, on: date) -> str:
    """Return a reply about one code, with `{code}` and `{date}` filled in; other braces are left as written."""
    return reply.replace("{date}", on.isoformat()).replace("{code}", code)
