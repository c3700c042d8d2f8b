"""The list of imports, the upload page, and the actions on a plan.

django-import-export provides the admin's button and address for imports. Planning, applying and rolling back are the
product's own (`kb.importing`), so the package's second step, which writes the file row by row, has no address here.
"""

from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django_htmx.http import HttpResponseClientRedirect

from kb.admin.generics import ModelAdmin
from kb.admin.lists.filters import ParentFilter
from kb.admin.lists.strict_changelist import WithStrictList
from kb.admin.table_imports import look_page
from kb.admin.table_imports.plan_page import applied_words, may_see_imports, rows_address, state_of
from kb.admin.table_imports.roll_backs import rollback_page
from kb.admin.table_imports.uploads import NEW_TABLE, UploadForm, file_name_of
from kb.importing import uploads
from kb.importing.applying import decisions
from kb.importing.applying.effects import effects_of
from kb.importing.applying.rollback import roll_back
from kb.importing.applying.transaction import apply_import
from kb.importing.errors import ImportRefused
from kb.importing.reading.sources import Unreadable
from kb.models import Door, RowKind, TableImport, Upload
from kb.models.table_imports import Resolution
from kb.services.journal import By

if TYPE_CHECKING:

    class ImportMixin:
        """The package has no types."""

else:
    from import_export.admin import ImportMixin

MAX_PASTED = 500
"""Maximum characters of a table that an address pastes into the form: one or two rows."""


@admin.register(TableImport)
class TableImportAdmin(WithStrictList, ImportMixin, ModelAdmin):
    """The list of imports, the upload form, and the actions on a plan."""

    list_display = ["import_column", "table_column", "state_column", "counts_column", "planned_by", "planned_at"]
    list_filter = ["state", ("table", ParentFilter)]
    list_select_related = ["table", "planned_by"]
    list_display_links = None
    search_fields = ["file_name", "sha256", "table__name", "table__slug"]
    search_help_text = "File name, SHA-256 or table."
    show_full_result_count = False
    actions = None

    def get_urls(self) -> list[Any]:
        """Add the addresses of the actions; remove the package's own second step, which writes without a plan."""
        guard = self.admin_site.admin_view
        verbs = [
            path("<int:pk>/apply/", guard(self.apply_view), name="kb_tableimport_apply"),
            path("look/<int:pk>/", guard(self.look_view), name="kb_tableimport_look"),
            path("<int:pk>/answer/", guard(self.answer_view), name="kb_tableimport_answer"),
            path("<int:pk>/again/", guard(self.again_view), name="kb_tableimport_again"),
            path("<int:pk>/decide/", guard(self.decide_view), name="kb_tableimport_decide"),
            path("<int:pk>/discard/", guard(self.discard_view), name="kb_tableimport_discard"),
            path("<int:pk>/rollback/", guard(self.rollback_view), name="kb_tableimport_rollback"),
        ]
        return verbs + [url for url in super().get_urls() if url.name != "kb_tableimport_process_import"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TableImport]:
        """Return the imports that this person may read."""
        return TableImport.objects.visible_to(request.user).with_successors()

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Return whether somebody may upload a file and plan an import."""
        return request.user.has_perm("kb.import_table")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show imports to everyone who may do anything with them."""
        return may_see_imports(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow everyone who may do anything with imports."""
        return may_see_imports(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: an import starts with a file."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: an import changes only through the actions on its plan."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: imports are the record."""
        return False

    @admin.display(description="Import", ordering="id")
    def import_column(self, table_import: TableImport) -> str:
        """Return the file's name, linked to its plan."""
        return format_html('<a href="{}">{}</a>', rows_address(table_import), table_import)

    @admin.display(description="Table", ordering="table")
    def table_column(self, table_import: TableImport) -> str:
        """Return the table, even if it does not exist yet."""
        return table_import.table_name

    @admin.display(description="State", ordering="state")
    def state_column(self, table_import: TableImport) -> str:
        """Return the state as a tag."""
        return state_of(table_import)

    @admin.display(description="Rows")
    def counts_column(self, table_import: TableImport) -> str:
        """Return the row counts by kind."""
        counts = [(table_import.counts.get(kind), kind.label.lower()) for kind in RowKind if kind != RowKind.REORDERED]
        return ", ".join(f"{n} {label}" for n, label in counts if n)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the plan: an import has no form of its own."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        table_import = self.get_object(request, object_id)
        if table_import is None:
            return HttpResponseRedirect(reverse("admin:kb_tableimport_changelist"))
        return HttpResponseRedirect(rows_address(table_import))

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Keep an uploaded file and redirect to the look at it."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = self._upload_form(request)
        if form.is_bound and form.is_valid():
            values = form.cleaned_data
            file = values["file"] or BytesIO(values["pasted"].encode())
            by = By(request.user, Door.IMPORT)
            name = file_name_of(values["file"])
            upload = uploads.keep(file, name, by, form.target(), complete=values["complete"])
            if form.name_of_file:
                messages.warning(request, look_page.named_by_file(form.name_of_file))
            return HttpResponseRedirect(look_page.address_of(upload))
        context = self.admin_site.each_context(request) | {
            "title": "Import a table",
            "opts": self.opts,
            "form": form,
            "media": self.media,
            "target_fields": [form[name] for name in ("table", "name")],
            "file_fields": [form[name] for name in ("file", "pasted", "complete")],
            "new_table_fields": [form[name] for name in NEW_TABLE[1:]],
        }
        return TemplateResponse(request, "admin/kb/tableimport/upload.html", context)

    def _upload_form(self, request: HttpRequest) -> UploadForm:
        if request.method == "POST":
            return UploadForm(request.POST, request.FILES, user=request.user)
        initial = {"table": request.GET.get("table"), "pasted": request.GET.get("pasted", "")[:MAX_PASTED]}
        return UploadForm(initial=initial, user=request.user)

    def look_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what is read of an uploaded file; on POST, store a choice, make the plan, or delete the file."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        upload = uploads.visible_to(request.user).select_related("table").filter(pk=pk).first()
        if upload is None:
            messages.error(request, look_page.gone(pk, names=request.user.has_perm("kb.view_internal")))
            address = reverse("admin:kb_tableimport_changelist")
            # A redirect of a part of the page would show nothing.
            is_part = "HX-Request" in request.headers
            return HttpResponseClientRedirect(address) if is_part else HttpResponseRedirect(address)
        try:
            if request.method == "POST":
                return HttpResponseRedirect(self._submit_look(request, upload))
            view = look_page.look_at(upload)
        except ImportRefused as refused:
            messages.error(request, str(refused))
            is_gone = request.method != "POST"
            return HttpResponseRedirect(reverse("admin:kb_tableimport_import") if is_gone else request.path)
        context = self.admin_site.each_context(request) | {"opts": self.opts, "title": f"How {upload} is read"}
        context |= look_page.context_of(upload, view)
        return TemplateResponse(request, "admin/kb/tableimport/look.html", context)

    def _submit_look(self, request: HttpRequest, upload: Upload) -> str:
        """Do what a submitted look page asks for; return the address of the next page."""
        if "remove" in request.POST:
            look_page.remove(request, upload)
            messages.success(request, f"The file {upload} was removed. Nothing was imported.")
            return reverse("admin:kb_tableimport_changelist")
        try:
            plan = look_page.submit(request, upload)
        except Unreadable as unreadable:
            raise ImportRefused(str(unreadable)) from unreadable
        if plan is None:
            return look_page.address_of(upload)
        self._log(request, plan, ADDITION, "Planned")
        return rows_address(plan)

    def answer_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Answer a question of a plan: plan the file again with the choices of the offer."""
        return self._replace(request, pk, look_page.answer)

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Plan the file of a plan that is out of date again."""
        return self._replace(request, pk, look_page.plan_again)

    def _replace(self, request: HttpRequest, pk: int, verb: Any) -> HttpResponse:
        if request.method != "POST" or not self.has_import_permission(request):
            raise PermissionDenied
        former = get_object_or_404(self.get_queryset(request).select_related("upload__table"), pk=pk)
        try:
            plan = verb(request, former)
        except (ImportRefused, Unreadable) as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(rows_address(former))
        self._log(request, plan, ADDITION, "Planned")
        return HttpResponseRedirect(rows_address(plan))

    def apply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Apply a plan."""

        def verb(plan: TableImport, by: By) -> None:
            consent = {name: name in request.POST for name in ("yes_retire", "yes_strange", "skip_errors")}
            result = apply_import(plan, by, **consent)
            words = applied_words(result)
            self._log(request, plan, CHANGE, f"Applied: {words}")
            table = result.table
            assert table is not None
            address = table.get_absolute_url()
            messages.success(request, format_html('Applied: {}. <a href="{}">Open {}</a>', words, address, table))

        return self._do(request, pk, "kb.apply_import", verb)

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Decide all conflicts of a plan at once."""

        def verb(plan: TableImport, by: By) -> None:
            resolution = request.POST.get("resolution")
            if resolution not in (Resolution.KEEP_OURS, Resolution.TAKE_THEIRS):
                raise ImportRefused("Choose whether to keep ours or take the vendor's.")
            decisions.resolve_all(plan, Resolution(resolution), by)

        return self._do(request, pk, "kb.import_table", verb, "All conflicts are decided.")

    def discard_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Discard a plan."""
        return self._do(request, pk, "kb.import_table", decisions.discard, "Discarded.")

    def rollback_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what a rollback restores and skips; on POST, roll back."""
        if request.method == "POST":

            def verb(table_import: TableImport, by: By) -> None:
                rollback = roll_back(table_import, by)
                self._log(request, rollback, ADDITION, f"Rolled back {table_import}")
                messages.success(request, " ".join(["Rolled back.", *effects_of([rollback]).sentences()]))

            return self._do(request, pk, "kb.rollback_import", verb)
        if not request.user.has_perm("kb.rollback_import"):
            raise PermissionDenied
        return rollback_page(request, get_object_or_404(self.get_queryset(request), pk=pk))

    def _do(self, request: HttpRequest, pk: int, permission: str, verb: Any, message: str = "") -> HttpResponse:
        """Check the permission and run an action; if it is refused, show the reason on the plan's page."""
        if request.method != "POST" or not request.user.has_perm(permission):
            raise PermissionDenied
        table_import = get_object_or_404(self.get_queryset(request), pk=pk)
        try:
            verb(table_import, By(request.user, Door.IMPORT))
        except ImportRefused as refused:
            messages.error(request, str(refused))
        else:
            if message:
                messages.success(request, message)
        return HttpResponseRedirect(rows_address(table_import))

    def _log(self, request: HttpRequest, table_import: TableImport, flag: int, message: str) -> None:
        """Add one entry to the admin's log: one per import, none per row."""
        assert request.user.pk is not None
        LogEntry.objects.log_actions(request.user.pk, [table_import], flag, message)
