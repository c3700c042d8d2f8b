"""Code tables, sections and code ranges in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kb.admin import tags
from kb.admin.forms.revisions import version_and_by
from kb.admin.forms.table_export import ExportForm
from kb.admin.lists.filters import ParentFilter, VendorFilter
from kb.admin.versioned_admin import VersionedAdmin
from kb.exporting.tables import FORMATS, content_type, export_table, file_name
from kb.exporting.xlsx import ExportRefused
from kb.models import CodeRange, CodeTable, ReturnCode, Section
from kb.queries.tables import annotate_counts
from kb.services.journal import By
from kb.services.ranges import delete_range, save_range
from kb.services.sections import rename_section
from kb.services.tables import save_table
from kb.text.detection.tables import proposed_words


@admin.register(CodeTable)
class CodeTableAdmin(VersionedAdmin):
    """Tables are described here; imports add their codes. Tables cannot be deleted."""

    noun = "table"
    value_fields = ("slug", "vendor", "product", "name", "language", "source_url", "context_words", "audience")
    list_display = ("slug_column", "vendor", "product", "name", "codes_column", "audience_column", "update_column")
    list_display_links = ("slug_column", "name")
    list_filter = ("audience", ("vendor", VendorFilter))
    search_fields = ("slug", "vendor", "product", "name")
    search_help_text = "Vendor, product, title or short name."
    fieldsets = (
        ("Table", {"fields": (("vendor", "product"), "name", ("slug", "language"), "source_url")}),
        ("Detection (owned by support, imports never touch it)", {"fields": ("context_words",)}),
        ("Access", {"fields": ("audience",)}),
    )

    change_form_template = "admin/kb/table_form.html"

    def get_urls(self) -> list[Any]:
        """Add the addresses of the export."""
        guard = self.admin_site.admin_view
        exports = [
            path("<int:pk>/export/", guard(self.export_form), name="kb_codetable_export_form"),
            path("<int:pk>/export.<str:ending>", guard(self.export), name="kb_codetable_export"),
        ]
        return [*exports, *super().get_urls()]

    def export_form(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Ask how the table is exported, then lead to the file."""
        table = self._table_to_export(request, pk)
        form = ExportForm(request.GET or None)
        if form.is_valid():
            query = request.GET.copy()
            (ending,) = query.pop("format")[-1:]
            address = reverse("admin:kb_codetable_export", args=[pk, ending])
            return HttpResponseRedirect(f"{address}?{query.urlencode()}")
        context = self.admin_site.each_context(request) | {"title": f"Export {table}", "table": table, "form": form}
        return TemplateResponse(request, "admin/kb/export.html", context)

    def export(self, request: HttpRequest, pk: int, ending: str) -> HttpResponseBase:
        """Stream a table as a file that can be imported again."""
        table = self._table_to_export(request, pk)
        form = ExportForm(request.GET.dict() | {"format": ending})
        if ending not in FORMATS or not form.is_valid():
            raise Http404
        try:
            body = export_table(table, ending, form.words_or_default(), form.csv_form())
        except ExportRefused as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(reverse("admin:kb_codetable_change", args=[pk]))
        response = StreamingHttpResponse(body, content_type=content_type(ending))
        response["Content-Disposition"] = f'attachment; filename="{file_name(table, ending)}"'
        return response

    def _table_to_export(self, request: HttpRequest, pk: int) -> CodeTable:
        if request.method != "GET" or not request.user.has_perm("kb.export_table"):
            raise PermissionDenied
        return get_object_or_404(CodeTable.objects.visible_to(request.user), pk=pk)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Propose context words: those of the table's names and of its family."""
        form_class: Any = super().get_form(request, obj, change, **kwargs)
        if obj is not None and "context_words" in form_class.base_fields:
            field = form_class.base_fields["context_words"]
            proposals = ", ".join(proposed_words(obj.names, obj.context_words))
            field.help_text = f"{field.help_text} Proposed: {proposals}." if proposals else field.help_text
        return form_class

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeTable]:
        """Return the tables that this person may read, with their code counts."""
        return annotate_counts(super().get_queryset(request))

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> CodeTable:
        """Write through the service."""
        return save_table(obj, version, values, by)

    @admin.display(description="Short name", ordering="slug")
    def slug_column(self, table: CodeTable) -> SafeString:
        """Return the name used in addresses."""
        return tags.mono(table.slug)

    @admin.display(description="Codes", ordering="code_count")
    def codes_column(self, table: Any) -> SafeString:
        """Return the number of codes, with a link to them."""
        address = f"{reverse('admin:kb_returncode_changelist')}?table__id__exact={table.pk}"
        suffix = f", {table.retired_count} retired" if table.retired_count else ""
        return format_html('<a href="{}">{}{}</a>', address, table.code_count, suffix)

    @admin.display(description="Updated", ordering="updated_at")
    def update_column(self, table: CodeTable) -> str:
        """Return when the table's description was last saved."""
        return tags.moment(table.updated_at)

    @admin.display(description="Audience", ordering="audience")
    def audience_column(self, table: CodeTable) -> SafeString:
        """Return the audience as a tag."""
        return tags.tag(table.audience, table.get_audience_display())


@admin.register(Section)
class SectionAdmin(VersionedAdmin):
    """Imports create sections; people rename and order them here."""

    noun = "section"
    value_fields = ("name", "slug", "position")
    list_display = ("name_column", "table", "slug", "position", "codes_column")
    list_filter = (("table", ParentFilter),)
    list_select_related = ("table",)
    search_fields = ("name", "slug", "table__name", "table__product")
    search_help_text = "Name of the section or its table."
    readonly_fields = ("table",)
    fields = ("table", "name", ("slug", "position"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Section]:
        """Return the sections that this person may read, with their code counts."""
        # A subquery runs for the rows of one page only; a join would slow down the list's other queries.
        codes = ReturnCode.objects.current().filter(section=OuterRef("pk")).order_by()
        counts = codes.values("section").annotate(count=Count("pk")).values("count")
        sections: QuerySet[Section] = super().get_queryset(request).select_related("table")
        return sections.annotate(code_count=Coalesce(Subquery(counts), 0))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: imports create sections."""
        return False

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> Section:
        """Write through the service."""
        return rename_section(obj, version, values, by)

    @admin.display(description="Name", ordering="name")
    def name_column(self, section: Section) -> str:
        """Return the name; a table without groups has one section with an empty name."""
        return str(section)

    @admin.display(description="Codes", ordering="code_count")
    def codes_column(self, section: Any) -> SafeString:
        """Return the number of codes, with a link to them."""
        address = f"{reverse('admin:kb_returncode_changelist')}?section__id__exact={section.pk}"
        return format_html('<a href="{}">{}</a>', address, section.code_count)


@admin.register(CodeRange)
class CodeRangeAdmin(VersionedAdmin):
    """Ranges are stated by the vendor or inferred by support, and can be deleted."""

    noun = "range"
    value_fields = ("table", "name", "first", "last", "origin")
    prefill_fields = ("table", "first", "last")
    list_display = ("pattern_column", "name", "table", "origin_column", "first", "last")
    list_display_links = ("pattern_column", "name")
    list_filter = (("table", ParentFilter), "origin")
    list_select_related = ("table",)
    search_fields = ("name", "first", "last")
    search_help_text = "Name of the range, or its first or last number."
    fields = ("table", "name", ("first", "last"), "origin")
    autocomplete_fields = ("table",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeRange]:
        """Return the ranges that this person may read."""
        return super().get_queryset(request).select_related("table")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow people with the permission: no vendor text is lost."""
        return request.user.has_perm("kb.delete_coderange")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete through the service. Raises StaleEdit if the row changed since the page was shown."""
        delete_range(obj, *version_and_by(request))

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> CodeRange:
        """Write through the service."""
        return save_range(obj, version, values, by)

    @admin.display(description="Numbers", ordering="first")
    def pattern_column(self, code_range: CodeRange) -> SafeString:
        """Return the range as a pattern such as 6603xxxxx."""
        return tags.mono(code_range.pattern)

    @admin.display(description="Source", ordering="origin")
    def origin_column(self, code_range: CodeRange) -> SafeString:
        """Return who states the range."""
        return tags.tag(code_range.origin, code_range.get_origin_display())
