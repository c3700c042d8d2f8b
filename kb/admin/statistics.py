"""Statistics: charts, and their figures as CSV."""

import csv
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from kb.models.visibility import READ_INTERNAL
from kb.queries import statistics
from kb.text.safety.formula import defuse


def page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Show all charts."""
    _check_reader(request)
    figures = {"title": "Statistics", "charts": statistics.charts(request.user)}
    return TemplateResponse(request, "admin/kb/health.html", context | figures)


def chart_csv(request: HttpRequest, chart: str) -> HttpResponse:
    """Return the figures of a chart as CSV with formulas defused. Raises Http404 for an unknown chart."""
    _check_reader(request)
    figures = statistics.chart(chart, request.user)
    if figures is None:
        raise Http404
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{figures.slug}.csv"'
    writer = csv.writer(response)
    writer.writerow(figures.columns)
    writer.writerows([_cell(cell) for cell in row] for row in figures.rows)
    return response


def _cell(cell: Any) -> Any:
    return defuse(cell) if isinstance(cell, str) else cell


def _check_reader(request: HttpRequest) -> None:
    if not request.user.has_perm(READ_INTERNAL):
        raise PermissionDenied
