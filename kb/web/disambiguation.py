"""A code in several tables or sections: the question which one is meant, and the reader's last answer."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from kb.models import CodeTable
from kb.queries.lookup import CodeHit

COOKIE = "table"
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Group:
    """The meanings of a code in one table; `is_last` if the reader chose this table last time."""

    table: CodeTable
    hits: list[CodeHit]
    is_last: bool


def meanings_context(request: HttpRequest, hits: list[CodeHit]) -> dict[str, Any]:
    """Return the template context for several meanings, grouped by table, the reader's last table first."""
    last = request.COOKIES.get(COOKIE, "")
    tables = {hit.code.table_id: hit.code.table for hit in hits}
    groups = [
        Group(table, [hit for hit in hits if hit.code.table_id == pk], table.slug == last)
        for pk, table in tables.items()
    ]
    groups.sort(key=lambda group: not group.is_last)
    return {"groups": groups, "number": len(hits), "question": _question(len(groups), len(hits))}


def remember(request: HttpRequest, response: HttpResponse, table: CodeTable) -> None:
    """Store the table in a cookie. It only changes the order of meanings."""
    if request.COOKIES.get(COOKIE) != table.slug:
        is_secure = settings.SESSION_COOKIE_SECURE
        response.set_cookie(COOKIE, table.slug, max_age=_YEAR, samesite="Lax", httponly=True, secure=is_secure)


def _question(tables: int, hits: int) -> str:
    if tables == 1:
        return "Which section of the product sent it?"
    return "Which product sent it?" if tables == hits else "Which product sent it, and which section of it?"
