"""Code tables, their sections and their ranges of numbers."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kb.admin.forms.revisions import version_and_by
from kb.admin.forms.versions import VersionedAdmin
from kb.admin.lists import tags
from kb.admin.lists.filters import ParentFilter
from kb.exporting.tables import FORMATS, ExportRefused, content_type, export_table, file_name
from kb.models import CodeRange, CodeTable, ReturnCode, Section
from kb.services.journal import By
from kb.services.ranges import delete_range, save_range
from kb.services.sections import rename_section
from kb.services.tables import save_table


@admin.register(CodeTable)
class CodeTableAdmin(VersionedAdmin):
    """Tables are described here; their codes come with imports. None is ever deleted."""

    noun = "table"
    written = ("slug", "vendor", "product", "name", "language", "source_url", "audience")
    list_display = ("listed_slug", "vendor", "product", "name", "listed_codes", "listed_audience", "listed_update")
    list_filter = ("audience", "vendor")
    search_fields = ("slug", "vendor", "product", "name")
    search_help_text = "The vendor, product, title or short name."
    fieldsets = (
        ("What it is", {"fields": (("vendor", "product"), "name", ("slug", "language"), "source_url")}),
        ("Who may read it", {"fields": ("audience",)}),
    )

    change_form_template = "admin/kb/table_form.html"

    def get_urls(self) -> list[Any]:
        """Add the export of a table."""
        export = path(
            "<int:pk>/export.<str:ending>", self.admin_site.admin_view(self.export), name="kb_codetable_export"
        )
        return [export, *super().get_urls()]

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Offer the export to whoever may."""
        formats = list(FORMATS) if request.user.has_perm("kb.export_table") else []
        kwargs["extra_context"] = (kwargs.get("extra_context") or {}) | {"export_formats": formats}
        return super().change_view(request, *args, **kwargs)

    def export(self, request: HttpRequest, pk: int, ending: str) -> HttpResponseBase:
        """Stream a table as a file that may be imported again."""
        if request.method != "GET" or not request.user.has_perm("kb.export_table"):
            raise PermissionDenied
        table = get_object_or_404(CodeTable.objects.visible_to(request.user), pk=pk)
        if ending not in FORMATS:
            raise Http404
        try:
            answer = StreamingHttpResponse(export_table(table, ending), content_type=content_type(ending))
        except ExportRefused as refused:
            messages.error(request, str(refused))
            return HttpResponseRedirect(reverse("admin:kb_codetable_change", args=[pk]))
        answer["Content-Disposition"] = f'attachment; filename="{file_name(table, ending)}"'
        return answer

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeTable]:
        """Show what this person may read, with how many codes it has."""
        return super().get_queryset(request).with_counts()  # type: ignore[attr-defined]

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> CodeTable:
        """Write through the verb."""
        return save_table(obj, version, values, by)

    @admin.display(description="Short name", ordering="slug")
    def listed_slug(self, table: CodeTable) -> SafeString:
        """Show the name used in addresses."""
        return tags.mono(table.slug)

    @admin.display(description="Codes", ordering="code_count")
    def listed_codes(self, table: Any) -> SafeString:
        """Show how many codes are listed and retired, and lead to them."""
        address = f"{reverse('admin:kb_returncode_changelist')}?table__id__exact={table.pk}"
        retired = f", {table.retired_count} retired" if table.retired_count else ""
        return format_html('<a href="{}">{}{}</a>', address, table.code_count, retired)

    @admin.display(description="Updated", ordering="updated_at")
    def listed_update(self, table: CodeTable) -> str:
        """Show when its description was last saved."""
        return tags.moment(table.updated_at)

    @admin.display(description="Audience", ordering="audience")
    def listed_audience(self, table: CodeTable) -> SafeString:
        """Show for whom it is meant."""
        return tags.tag(table.audience, table.get_audience_display())


@admin.register(Section)
class SectionAdmin(VersionedAdmin):
    """Sections come with imports; here they are renamed and put in order."""

    noun = "section"
    written = ("name", "slug", "position")
    list_display = ("shown_name", "table", "slug", "position", "listed_codes")
    list_filter = (("table", ParentFilter),)
    list_select_related = ("table",)
    search_fields = ("name", "slug", "table__name", "table__product")
    search_help_text = "The section's name, or its table."
    readonly_fields = ("table",)
    fields = ("table", "name", ("slug", "position"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Section]:
        """Show what this person may read, with how many codes it has."""
        # Asked for each row that is shown; a join would be carried along by the list's other queries.
        codes = ReturnCode.objects.current().filter(section=OuterRef("pk")).order_by()
        counted = codes.values("section").annotate(count=Count("pk")).values("count")
        return super().get_queryset(request).select_related("table").annotate(code_count=Coalesce(Subquery(counted), 0))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: sections come with imports."""
        return False

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> Section:
        """Write through the verb."""
        return rename_section(obj, version, values, by)

    @admin.display(description="Name", ordering="name")
    def shown_name(self, section: Section) -> str:
        """Show the name; a table without groups has one section without one."""
        return str(section)

    @admin.display(description="Codes", ordering="code_count")
    def listed_codes(self, section: Any) -> SafeString:
        """Show how many codes are listed, and lead to them."""
        address = f"{reverse('admin:kb_returncode_changelist')}?section__id__exact={section.pk}"
        return format_html('<a href="{}">{}</a>', address, section.code_count)


@admin.register(CodeRange)
class CodeRangeAdmin(VersionedAdmin):
    """Ranges are support's own inference, or the vendor's statement; the one noun that can be deleted."""

    noun = "range"
    written = ("table", "name", "first", "last", "origin")
    filled_in = ("table", "first", "last")
    list_display = ("listed_pattern", "name", "table", "listed_origin", "first", "last")
    list_display_links = ("listed_pattern", "name")
    list_filter = (("table", ParentFilter), "origin")
    list_select_related = ("table",)
    search_fields = ("name", "first", "last")
    search_help_text = "The range's name, or one of its two ends."
    fields = ("table", "name", ("first", "last"), "origin")
    autocomplete_fields = ("table",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodeRange]:
        """Show what this person may read."""
        return super().get_queryset(request).select_related("table")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who have the right: no text of the vendor's is lost."""
        return request.user.has_perm("kb.delete_coderange")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete through the verb, unless it changed after it was shown."""
        delete_range(obj, *version_and_by(request))

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> CodeRange:
        """Write through the verb."""
        return save_range(obj, version, values, by)

    @admin.display(description="Numbers", ordering="first")
    def listed_pattern(self, code_range: CodeRange) -> SafeString:
        """Show the block as people write it."""
        return tags.mono(code_range.pattern)

    @admin.display(description="Stated by", ordering="origin")
    def listed_origin(self, code_range: CodeRange) -> SafeString:
        """Show who says so."""
        return tags.tag(code_range.origin, code_range.get_origin_display())
