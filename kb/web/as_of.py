"""A card as it was at the end of a past day, read-only."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from kb.models import CodeTable, ReturnCode
from kb.queries.as_of import as_of
from kb.web.errors import InvalidParameter

FIRST_DAY = date(2000, 1, 1)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def page(request: HttpRequest, table: CodeTable, codes: Sequence[ReturnCode], spelling: str) -> HttpResponse:
    """Show codes as they were at the end of the day in `?at=`, in the reader's zone. Raises InvalidParameter."""
    day = _day(request.GET["at"])
    end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    pasts = [(code, as_of(code, end, request.user)) for code in codes]
    context = {"table": table, "spelling": spelling, "day": day, "pasts": pasts}
    return render(request, "kb/as_of.html", context, status=200 if any(past for _code, past in pasts) else 404)


def _day(text: str) -> date:
    today = timezone.localdate()
    try:
        day = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_DAY <= day <= today:
        raise InvalidParameter(
            f"“{text[:80]}” is not a valid date here. Allowed: {FIRST_DAY} to {today}, in this format."
        )
    return day
