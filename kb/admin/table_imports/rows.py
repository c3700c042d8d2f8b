"""The rows of an import: Django's change list of stored rows, with its filters, search and paging."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kb.admin.generics import ModelAdmin
from kb.admin.lists.strict_changelist import WithStrictList
from kb.admin.table_imports.plan_page import IMPORT_PARAMETER, may_see_imports, next_conflict, rows_address, summary
from kb.admin.table_imports.resolutions import ResolutionForm
from kb.admin.table_imports.roll_backs import back_to_view
from kb.admin.table_imports.row_changes import differences, texts_of
from kb.admin.table_imports.row_csv import csv_lines
from kb.importing.applying import decisions
from kb.importing.errors import ImportRefused
from kb.models import Door, ImportRow, RowKind, TableImport
from kb.models.import_rows import DECIDED_BY
from kb.models.table_imports import BROKEN, TOUCHING, Extent, Resolution
from kb.services.journal import By

_MAX_NAMED = 5
LEAVABLE = [kind for kind in TOUCHING if kind != RowKind.REORDERED]
"""The kinds of rows that can be left out."""


class KindFilter(admin.SimpleListFilter):
    """Filters the rows of one import by kind, with the stored counts."""

    title = "change"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the kinds that this import has."""
        counts = request.table_import.counts  # type: ignore[attr-defined]
        return [(kind, f"{kind.label} ({counts[kind]})") for kind in RowKind if counts.get(kind)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen kind; rows that change only their position are hidden unless chosen."""
        if self.value() in RowKind.values:
            return queryset.filter(kind=self.value())
        return queryset.exclude(kind=RowKind.REORDERED)


class ExtentFilter(admin.SimpleListFilter):
    """Filters the rows of one import by how far they change a code, with the stored counts."""

    title = "what changes"
    parameter_name = "extent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the extents that this import has."""
        counts = request.table_import.extents  # type: ignore[attr-defined]
        return [(extent, f"{extent.label} ({counts[extent]})") for extent in Extent if counts.get(extent)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen extent. Codes of a column with a new name have one line, unless chosen."""
        if self.value() in Extent.values:
            return queryset.filter(extent=self.value())
        return queryset.exclude(extent=Extent.HEADING)


@admin.register(ImportRow)
class ImportRowAdmin(WithStrictList, ModelAdmin):
    """The rows of one import; people read them and decide conflicts."""

    list_display = ["kind_column", "line_column", "code_column", "section_column", "differences", "decision"]
    list_display_links = ["code_column"]
    list_filter = [KindFilter, ExtentFilter, "resolution"]
    extra_parameters = (IMPORT_PARAMETER,)
    list_per_page = 50
    list_max_show_all = 50
    show_full_result_count = False
    ordering = ["-weight", F("line").asc(nulls_first=True), "id"]
    search_fields = ["code", "section_name", "message", "description", "suggested_actions"]
    search_help_text = "Code, section, or words from the vendor's new text or the message."
    actions = ["keep_ours", "take_theirs", "leave_out", "take_in"]
    change_list_template = "admin/kb/importrow/change_list.html"

    def get_urls(self) -> list[Any]:
        """Add the CSV download, and the page that takes a table back to how it was before an import."""
        guard = self.admin_site.admin_view
        download = path("<int:pk>/rows.csv", guard(self.download), name="kb_importrow_csv")
        back = path("<int:pk>/back-to/", guard(back_to_view), name="kb_importrow_back_to")
        return [download, back, *super().get_urls()]

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Hide the rows from the index: their import links to them."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow everyone who may do anything with imports."""
        return may_see_imports(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: an import creates its rows."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow people who may plan imports."""
        return request.user.has_perm("kb.import_table")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: an import is a record."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ImportRow]:
        """Return the rows that this person may read, with the related objects that the list needs."""
        rows = ImportRow.objects.visible_to(request.user)
        return rows.select_related("section", "return_code__section", "return_code__table", "table_import__table")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow the filter for one import."""
        return lookup == IMPORT_PARAMETER or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions: decisions, and only about a plan that nothing replaces."""
        table_import = getattr(request, "table_import", None)
        is_open = table_import and table_import.is_planned and not table_import.successor_id
        return super().get_actions(request) if is_open else {}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """List the rows of the import in the address; without one, redirect to the list of imports."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        imports = (
            TableImport.objects.visible_to(request.user)
            .with_successors()
            .select_related("table", "planned_by", "applied_by", "closed_by", "rolls_back")
        )
        pk = request.GET.get(IMPORT_PARAMETER, "")
        table_import = imports.filter(pk=pk).first() if pk.isascii() and pk.isdigit() and len(pk) < 18 else None
        if table_import is None:
            return HttpResponseRedirect(reverse("admin:kb_tableimport_changelist"))
        request.table_import = table_import  # type: ignore[attr-defined]
        return super().changelist_view(request, {"title": str(table_import), **summary(request, table_import)})

    @admin.display(description="Change")
    def kind_column(self, row: ImportRow) -> str:
        """Return the kind as a tag, and how far the row changes its code unless it changes the words."""
        kind = format_html('<span class="tag tag-{}">{}</span>', row.kind, row.get_kind_display())
        if row.extent in ("", Extent.WORDS):
            return kind
        return format_html("{} <small>{}</small>", kind, row.get_extent_display())

    @admin.display(description="Line")
    def line_column(self, row: ImportRow) -> str:
        """Return the row's line in the file."""
        return f"{row.sheet}: {row.line}" if row.sheet else str(row.line or "")

    @admin.display(description="Code")
    def code_column(self, row: ImportRow) -> str:
        """Return the code in monospace."""
        return format_html('<span class="code">{}</span>', row.code or "—")

    @admin.display(description="Section")
    def section_column(self, row: ImportRow) -> str:
        """Return the section; for a code that moves, also the section that it leaves."""
        name = row.section_name or (row.section.name if row.section else "")
        if row.kind == RowKind.MOVED and row.return_code and row.return_code.section_id != row.section_id:
            return format_html("{} <small>from {}</small>", name, row.return_code.section)
        return name

    @admin.display(description="Details")
    def differences(self, row: ImportRow) -> SafeString:
        """Return the message and the word-level differences of the texts."""
        context = {"row": row, "differences": differences(row)}
        return SafeString(render_to_string("admin/kb/importrow/differences.html", context))

    @admin.display(description="Decision")
    def decision(self, row: ImportRow) -> str:
        """Return the decision; only conflicts need one."""
        if row.kind == RowKind.CONFLICT or row.resolution:
            return row.get_resolution_display()
        return "Left out" if row.kind in BROKEN else ""

    @admin.action(description="Conflicts: keep ours", permissions=["change"])
    def keep_ours(self, request: HttpRequest, rows: QuerySet[ImportRow]) -> None:
        """Keep support's words in the chosen conflicts."""
        self._decide(request, rows.filter(kind=RowKind.CONFLICT), Resolution.KEEP_OURS)

    @admin.action(description="Conflicts: take the vendor's", permissions=["change"])
    def take_theirs(self, request: HttpRequest, rows: QuerySet[ImportRow]) -> None:
        """Take the vendor's words in the chosen conflicts."""
        self._decide(request, rows.filter(kind=RowKind.CONFLICT), Resolution.TAKE_THEIRS)

    @admin.action(description="Leave out these rows", permissions=["change"])
    def leave_out(self, request: HttpRequest, rows: QuerySet[ImportRow]) -> None:
        """Leave the chosen rows out of the import."""
        self._decide(request, rows.filter(kind__in=TOUCHING), Resolution.LEAVE_OUT)

    @admin.action(description="Take these rows in again", permissions=["change"])
    def take_in(self, request: HttpRequest, rows: QuerySet[ImportRow]) -> None:
        """Take rows that were left out into the import again."""
        self._decide(request, rows.filter(resolution=Resolution.LEAVE_OUT), Resolution.UNDECIDED, "Taken in again")

    def _decide(self, request: HttpRequest, rows: QuerySet[ImportRow], resolution: Resolution, words: str = "") -> None:
        count, others = 0, []
        by = By(request.user, Door.ADMIN)
        try:
            for row in rows:
                # A list does not show what others decided since it was loaded; the page of a row does.
                if (
                    resolution
                    and row.resolution not in ("", resolution)
                    and row.before.get(DECIDED_BY) != request.user.pk
                ):
                    others.append(f"{row.code} ({decisions.decider_of(row) or 'somebody else'})")
                else:
                    decisions.resolve(row, resolution, by)
                    count += 1
        except ImportRefused as refused:
            messages.error(request, str(refused))
        if others:
            more = f" and {len(others) - _MAX_NAMED} more" if len(others) > _MAX_NAMED else ""
            decided = f"Already decided by others, and left as they are: {', '.join(others[:_MAX_NAMED])}{more}."
            messages.warning(request, f"{decided} Open a row to decide it otherwise.")
        messages.info(request, f"{words or resolution.label}: {count} row{'' if count == 1 else 's'}.")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one row with its texts side by side; a conflict can be decided here."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            return HttpResponseRedirect(reverse("admin:kb_tableimport_changelist"))
        is_open = row.table_import.is_planned and not row.table_import.successor
        may_decide = self.has_change_permission(request) and is_open
        if request.method == "POST" and may_decide and "leave_out" in request.POST:
            resolution = Resolution.LEAVE_OUT if request.POST["leave_out"] else Resolution.UNDECIDED
            self._resolve(request, row, resolution)
            return HttpResponseRedirect(request.path)
        form = ResolutionForm(row, request.POST if request.method == "POST" and may_decide and row.conflicts else None)
        if form.is_bound and form.is_valid() and self._submit(request, row, form):
            following = next_conflict(row.table_import, row) if "next" in request.POST else None
            address = reverse("admin:kb_importrow_change", args=[following.pk]) if following else ""
            return HttpResponseRedirect(address or rows_address(row.table_import))
        context = self.admin_site.each_context(request) | {
            "title": str(row),
            "opts": self.opts,
            "row": row,
            "form": form if may_decide and row.conflicts else None,
            "next_conflict": next_conflict(row.table_import, row) if is_open else None,
            "may_leave_out": may_decide and row.kind in LEAVABLE,
            "table_import": row.table_import,
            "rows_address": rows_address(row.table_import),
            **texts_of(row),
        }
        return HttpResponse(render_to_string("admin/kb/importrow/change_form.html", context, request))

    def _submit(self, request: HttpRequest, row: ImportRow, form: ResolutionForm) -> bool:
        resolution = Resolution(form.cleaned_data["resolution"])
        try:
            edited = form.edited() if resolution == Resolution.EDITED else None
            seen = request.POST.get("seen")
            decisions.resolve(row, resolution, By(request.user, Door.ADMIN), edited, seen=seen)
        except ImportRefused as refused:
            form.add_error(None, str(refused))
            # The page shows what is stored now, beside what was submitted.
            row.refresh_from_db()
            return False
        messages.success(request, f"{row.code}: {resolution.label.lower()}.")
        return True

    def _resolve(self, request: HttpRequest, row: ImportRow, resolution: Resolution) -> None:
        try:
            decisions.resolve(row, resolution, By(request.user, Door.ADMIN), seen=request.POST.get("seen"))
        except ImportRefused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, f"{row.code or row}: {'left out' if resolution else 'taken in again'}.")

    def download(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Stream the rows of an import as CSV, safe for a spreadsheet."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        table_import = get_object_or_404(TableImport.objects.visible_to(request.user), pk=pk)
        rows = ImportRow.objects.visible_to(request.user).filter(table_import=table_import)
        response = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="import-{pk}.csv"'
        return response
