"""Imports: upload a file, read the plan, apply it, take it back.

django-import-export gives the admin its place for imports and the button. Planning, applying and rolling back are the
product's own (`kb.importing`), so the package's second step, which writes the file row by row, has no address here.
"""

from io import BytesIO
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from import_export.admin import ImportMixin

from kb.admin.lists.strict_changelist import WithAskedList
from kb.admin.table_imports.rows import may_see_imports, rows_address
from kb.importing.applying import decisions
from kb.importing.applying.rollback import preview, roll_back
from kb.importing.applying.transaction import apply_import
from kb.importing.errors import ImportRefused
from kb.importing.planning.plan import NewTable, plan_import, remembered_columns
from kb.importing.reading.columns import TARGETS, ColumnMap
from kb.importing.reading.sources import Unreadable, open_source
from kb.models import CodeTable, Door, TableImport
from kb.models.table_imports import Resolution
from kb.services.journal import By

ENCODINGS = [("", "Detect from the file"), ("utf-8", "UTF-8"), ("utf-16", "UTF-16"), ("gb18030", "GB18030")]
MAX_HEADERS = 100
MAX_PASTED = 500
"""Characters of a table that an address brings along: a row or two."""
DELIMITERS = [("", "Detect from the file"), (",", "Comma"), (";", "Semicolon"), ("\t", "Tab")]
NEW_TABLE = ("slug", "vendor", "product", "name", "language")


def _check_size(upload: UploadedFile) -> None:
    if (upload.size or 0) > settings.KB_IMPORT_MAX_BYTES:
        raise ValidationError(f"The file has {upload.size} bytes; at most {settings.KB_IMPORT_MAX_BYTES} are allowed.")


class UploadForm(forms.Form):
    """A file or a pasted table, and the table that it updates or makes."""

    table = forms.ModelChoiceField(CodeTable.objects.all(), required=False, empty_label="Create a new table (below)")
    file = forms.FileField(required=False, validators=[_check_size], help_text="CSV, XLSX, JSON, HTML or Markdown.")
    pasted = forms.CharField(
        label="Or paste a table",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Copied from a web page or from Markdown.",
    )
    complete = forms.BooleanField(
        label="This is the whole table",
        required=False,
        help_text="The plan then retires codes that the file does not list. Leave it off for part of a table.",
    )
    encoding = forms.ChoiceField(choices=ENCODINGS, required=False)
    delimiter = forms.ChoiceField(label="Column separator", choices=DELIMITERS, required=False)
    slug = forms.SlugField(label="Short name", required=False, help_text="Used in URLs, e.g. zim-server.")
    vendor = forms.CharField(required=False, max_length=120)
    product = forms.CharField(required=False, max_length=120)
    name = forms.CharField(label="Title", required=False, max_length=200)
    language = forms.CharField(
        required=False, max_length=16, initial="en", help_text="Language tag, e.g. en, zh or de."
    )

    def __init__(self, *args: Any, headers: dict[str, str] | None = None, **kwargs: Any) -> None:
        """Add a choice for each column whose reading is to be adjusted; `headers` says how each was read."""
        super().__init__(*args, **kwargs)
        known = headers or {self.data[key]: "" for i in range(MAX_HEADERS) if (key := f"header-{i}") in self.data}
        self.headers = list(known)
        for i, (header, target) in enumerate(known.items()):
            self.fields[f"column-{i}"] = forms.ChoiceField(
                label=header, choices=[(one, label) for one, label in TARGETS.items()], initial=target, required=False
            )

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot be planned, naming what is missing."""
        data = super().clean() or {}
        if bool(data.get("file")) == bool((data.get("pasted") or "").strip()):
            self.add_error("file", "Either choose a file or paste a table.")
        if not data.get("table") and "table" not in self.errors:
            for name in ("slug", "vendor", "product", "name"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, "Required for a new table.")
        return data

    def column_fields(self) -> list[forms.BoundField]:
        """Return the choices of columns, for the template."""
        return [self[f"column-{i}"] for i in range(len(self.headers))]

    def columns(self) -> ColumnMap | None:
        """Return how the columns are to be read; None where the file decides."""
        chosen = {header: self.cleaned_data.get(f"column-{i}") for i, header in enumerate(self.headers)}
        return ColumnMap({header: target for header, target in chosen.items() if target}) if self.headers else None

    def target(self) -> CodeTable | NewTable:
        """Return the table to update, or what the new one is called."""
        given = self.cleaned_data
        return given["table"] or NewTable(**{name: given[name] for name in NEW_TABLE if given[name]})


@admin.register(TableImport)
class TableImportAdmin(WithAskedList, ImportMixin, admin.ModelAdmin):
    """The record of imports, and the way in for a new one."""

    list_display = ["shown", "shown_table", "shown_state", "shown_counts", "planned_by", "planned_at"]
    list_filter = ["state", "table"]
    list_select_related = ["table", "planned_by"]
    list_display_links = None
    search_fields = ["file_name", "sha256", "table__name", "table__slug"]
    search_help_text = "File name, SHA-256 or table."
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
                raise ImportRefused("Choose whether to keep ours or take the vendor's.")
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
