"""The pages that roll an import back, alone or with every later one."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from kb.admin.table_imports.plan_page import rows_address
from kb.importing.applying.back_to import go_back_to, later_imports, preview_back_to
from kb.importing.applying.effects import Effects, effects_of
from kb.importing.applying.rollback import preview
from kb.importing.errors import ImportRefused
from kb.models import Door, TableImport
from kb.services.journal import By


def back_to_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Show which imports are rolled back and what stays; on POST, roll them back."""
    if not request.user.has_perm("kb.rollback_import"):
        raise PermissionDenied
    table_import = get_object_or_404(TableImport.objects.visible_to(request.user), pk=pk)
    by = By(request.user, Door.IMPORT)
    try:
        if request.method != "POST":
            return _page(request, table_import, by)
        reversals = go_back_to(table_import, by)
    except ImportRefused as refused:
        messages.error(request, str(refused))
    else:
        assert request.user.pk is not None
        LogEntry.objects.log_actions(request.user.pk, reversals, ADDITION, f"Back to before {table_import}")
        rolled_back = f"{len(reversals)} import{'' if len(reversals) == 1 else 's'} rolled back."
        messages.success(request, " ".join([rolled_back, *effects_of(reversals).sentences()]))
    return HttpResponseRedirect(rows_address(table_import))


def rollback_page(request: HttpRequest, table_import: TableImport) -> HttpResponse:
    """Show what the roll-back of one import does, and what stays."""
    try:
        effects = preview(table_import)
    except ImportRefused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(rows_address(table_import))
    context = _context(table_import, f"Roll back {table_import}", effects)
    context["may_go_back"] = later_imports(table_import).exists()
    context |= admin.site.each_context(request)
    return TemplateResponse(request, "admin/kb/tableimport/rollback.html", context)


def _page(request: HttpRequest, table_import: TableImport, by: By) -> HttpResponse:
    result = preview_back_to(table_import, by)
    context = _context(table_import, f"Back to before {table_import}", result.effects)
    context |= {"imports": result.imports, **admin.site.each_context(request)}
    return TemplateResponse(request, "admin/kb/importrow/back_to.html", context)


def _context(table_import: TableImport, title: str, effects: Effects) -> dict[str, Any]:
    address = rows_address(table_import)
    values = {"title": title, "opts": TableImport._meta, "effects": effects}
    return values | {"table_import": table_import, "rows_address": address}
