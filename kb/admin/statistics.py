"""Knowledge health: charts of how the knowledge serves, and their figures as CSV."""

import csv
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from kb.models.visibility import READ_INTERNAL
from kb.queries import statistics
from kb.text.safety.formula import defuse


def page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Show every chart."""
    _check_reader(request)
    shown = {"title": "Knowledge health", "charts": statistics.charts(request.user)}
    return TemplateResponse(request, "admin/kb/health.html", context | shown)


def chart_csv(request: HttpRequest, chart: str) -> HttpResponse:
    """Return the figures of a chart as CSV, safe in a spreadsheet."""
    _check_reader(request)
    found = statistics.chart(chart, request.user)
    if found is None:
        raise Http404
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.slug}.csv"'
    writer = csv.writer(response)
    writer.writerow(found.columns)
    writer.writerows([_cell(cell) for cell in row] for row in found.rows)
    return response


def _cell(cell: Any) -> Any:
    return defuse(cell) if isinstance(cell, str) else cell


def _check_reader(request: HttpRequest) -> None:
    if not request.user.has_perm(READ_INTERNAL):
        raise PermissionDenied
