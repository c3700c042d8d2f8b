"""Imports: upload a file, read the plan, apply it, roll it back.

django-import-export gives the admin its place for imports and the button. Planning, applying and rolling back are the
product's own (`kb.importing`), so the package's second step, which writes the file row by row, has no address here.
"""

from io import BytesIO
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from import_export.admin import ImportMixin

from kb.admin.lists.strict_changelist import WithStrictList
from kb.admin.table_imports.plan_page import may_see_imports, rows_address
from kb.admin.table_imports.uploads import MAX_HEADERS, NEW_TABLE, UploadForm
from kb.importing.applying import decisions
from kb.importing.applying.rollback import preview, roll_back
from kb.importing.applying.transaction import apply_import
from kb.importing.errors import ImportRefused
from kb.importing.planning.plan import plan_import, remembered_columns
from kb.importing.reading.sources import Unreadable, open_source
from kb.models import CodeTable, Door, TableImport
from kb.models.table_imports import Resolution
from kb.services.journal import By

MAX_PASTED = 500
"""Characters of a table that an address brings along: a row or two."""


@admin.register(TableImport)
class TableImportAdmin(WithStrictList, ImportMixin, admin.ModelAdmin):
    """The record of imports, and the way in for a new one."""

    list_display = ["shown", "shown_table", "shown_state", "shown_counts", "planned_by", "planned_at"]
    list_filter = ["state", "table"]
    list_select_related = ["table", "planned_by"]
    list_display_links = None
    search_fields = ["file_name", "sha256", "table__name", "table__slug"]
    search_help_text = "File name, sha256, or table"
    show_full_result_count = False
    actions = None

    def get_urls(self) -> list:
        """Add the verbs of an import; leave out the package's own second step, which writes without a plan."""
        guard = self.admin_site.admin_view
        verbs = [
            path("<int:pk>/apply/", guard(self.apply_view), name="kb_tableimport_apply"),
            path("<int:pk>/decide/", guard(self.decide_view), name="kb_tableimport_decide"),
            path("<int:pk>/discard/", guard(self.discard_view), name="kb_tableimport_discard"),
            path("<int:pk>/rollback/", guard(self.rollback_view), name="kb_tableimport_rollback"),
        ]
        return verbs + [url for url in super().get_urls() if url.name != "kb_tableimport_process_import"]

    # Who may

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Return whether somebody may upload a file and plan an import."""
        return request.user.has_perm("kb.import_table")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show imports to whoever may do anything with them."""
        return may_see_imports(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let in whoever may do anything with imports."""
        return may_see_imports(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: an import begins with a file."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: an import moves by its verbs alone."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: imports are the record."""
        return False

    # The list

    @admin.display(description="Import", ordering="id")
    def shown(self, table_import: TableImport) -> str:
        """Return the file's name, leading to its plan."""
        return format_html('<a href="{}">{}</a>', rows_address(table_import), table_import)

    @admin.display(description="Table", ordering="table")
    def shown_table(self, table_import: TableImport) -> str:
        """Return the table, also one that does not exist yet."""
        return table_import.table_name

    @admin.display(description="State", ordering="state")
    def shown_state(self, table_import: TableImport) -> str:
        """Return the state as a tag."""
        return format_html('<span class="tag tag-{}">{}</span>', table_import.state, table_import.get_state_display())

    @admin.display(description="Rows")
    def shown_counts(self, table_import: TableImport) -> str:
        """Return the counts by kind, in words."""
        return ", ".join(f"{n} {kind}" for kind, n in table_import.counts.items() if n and kind != "reordered")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the plan: an import has no form of its own."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.get_object(request, object_id)
        if found is None:
            return HttpResponseRedirect(reverse("admin:kb_tableimport_changelist"))
        return HttpResponseRedirect(rows_address(found))

    # The way in

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Read a file, plan what it changes, and lead to the plan."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form, problems = self._upload_form(request), []
        if form.is_bound and form.is_valid():
            try:
                planned = self._plan(request, form)
            except Unreadable as unreadable:
                problems = unreadable.problems
                unknown = dict.fromkeys(unreadable.header[:MAX_HEADERS], "extra")
                form = UploadForm(initial=dict(form.data.items()), headers=unknown)
            except ImportRefused as refused:
                form.add_error(None, str(refused))
            else:
                self._log(request, planned, ADDITION, "Planned")
                return HttpResponseRedirect(rows_address(planned))
        context = self.admin_site.each_context(request) | {
            "title": "Import a table",
            "opts": self.opts,
            "form": form,
            "problems": problems,
            "media": self.media,
            "file_fields": [form[name] for name in ("table", "file", "pasted", "complete")],
            "new_table_fields": [form[name] for name in NEW_TABLE],
            "reading_fields": [form[name] for name in ("encoding", "delimiter")],
        }
        return TemplateResponse(request, "admin/kb/tableimport/upload.html", context)

    def _upload_form(self, request: HttpRequest) -> UploadForm:
        pk = request.GET.get("again", "")
        again = TableImport.objects.filter(pk=pk).first() if pk.isascii() and pk.isdigit() and len(pk) < 18 else None
        if request.method == "POST":
            return UploadForm(request.POST, request.FILES)
        headers = again.columns if again else None
        initial = {
            "table": request.GET.get("table") or (again and again.table_id),
            "pasted": request.GET.get("pasted", "")[:MAX_PASTED],
            "complete": again and again.complete,
        }
        return UploadForm(initial=initial, headers=headers)

    def _plan(self, request: HttpRequest, form: UploadForm) -> TableImport:
        given = form.cleaned_data
        target = form.target()
        upload = given["file"] or BytesIO(given["pasted"].encode())
        name = getattr(upload, "name", None) or "pasted table"
        columns = form.columns() or (remembered_columns(target) if isinstance(target, CodeTable) else None)
        source = open_source(upload, name, encoding=given["encoding"], delimiter=given["delimiter"], columns=columns)
        by = By(request.user, Door.IMPORT)
        return plan_import(target, source, by, complete=given["complete"], file_name=name)

    # The verbs

    def apply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Apply a plan."""

        def verb(found: TableImport, by: By) -> None:
            yes = {name: name in request.POST for name in ("yes_retire", "skip_errors")}
            apply_import(found, by, **yes)
            self._log(request, found, CHANGE, f"Applied: {found.count()} codes")

        return self._do(request, pk, "kb.apply_import", verb, "Applied.")

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Decide all conflicts of a plan at once."""

        def verb(found: TableImport, by: By) -> None:
            chosen = request.POST.get("resolution")
            if chosen not in (Resolution.KEEP_OURS, Resolution.TAKE_THEIRS):
                raise ImportRefused("Choose to keep ours or to take the vendor's.")
            decisions.resolve_all(found, Resolution(chosen), by)

        return self._do(request, pk, "kb.import_table", verb, "All conflicts are decided.")

    def discard_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Discard a plan."""
        return self._do(request, pk, "kb.import_table", decisions.discard, "Discarded.")

    def rollback_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what rolling back restores and what it skips; on POST, do it."""
        if request.method == "POST":

            def verb(found: TableImport, by: By) -> None:
                taken_back = roll_back(found, by)
                self._log(request, taken_back, ADDITION, f"Rolled back {found}")

            return self._do(request, pk, "kb.rollback_import", verb, "Rolled back.")
        if not request.user.has_perm("kb.rollback_import"):
            raise PermissionDenied
        found = get_object_or_404(TableImport, pk=pk)
        try:
            shown = preview(found)
        except ImportRefused as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(rows_address(found))
        context = self.admin_site.each_context(request) | {
            "title": f"Roll back {found}",
            "opts": self.opts,
            "table_import": found,
            "preview": shown,
            "rows_address": rows_address(found),
        }
        return TemplateResponse(request, "admin/kb/tableimport/rollback.html", context)

    def _do(self, request: HttpRequest, pk: int, permission: str, verb: Any, done: str) -> HttpResponse:
        """Run a verb for somebody who may; a refusal becomes a message on the plan's page."""
        if request.method != "POST" or not request.user.has_perm(permission):
            raise PermissionDenied
        found = get_object_or_404(TableImport, pk=pk)
        try:
            verb(found, By(request.user, Door.IMPORT))
        except ImportRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, done)
        return HttpResponseRedirect(rows_address(found))

    def _log(self, request: HttpRequest, found: TableImport, flag: int, message: str) -> None:
        """Put one entry into the admin's log: one an import, never one a row."""
        assert request.user.pk is not None
        LogEntry.objects.log_actions(request.user.pk, [found], flag, message)
