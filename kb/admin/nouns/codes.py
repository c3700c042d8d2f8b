"""Return codes in the admin."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kb import searching
from kb.admin import tags
from kb.admin.forms.versions import VersionedForm
from kb.admin.lists.actions import WithBulkActions
from kb.admin.lists.code_actions import CODE_ACTIONS
from kb.admin.lists.filters import ListingFilter, NoteFilter, ParentFilter, WordingFilter
from kb.admin.versioned_admin import VersionedAdmin
from kb.models import IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.fields import LABELS, VENDOR_TEXTS
from kb.models.origins import Origin
from kb.models.visibility import Reader, reader
from kb.queries import lookup as lookup_queries
from kb.queries.tables import grand_total
from kb.services.codes import EDITABLE_FIELDS, edit_code
from kb.services.journal import By
from kb.text.codes.disposition import DISPOSITIONS, FIXERS, derive_disposition


class CodeForm(VersionedForm):
    """Support's fields of a code. An empty disposition or fixer follows the vendor's words."""

    disposition = forms.TypedChoiceField(label="What to do", required=False, empty_value=None)
    fixer = forms.TypedChoiceField(label="Who can fix it", required=False, empty_value=None)
    take_vendor = forms.MultipleChoiceField(
        label="Use the vendor's text",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick and save to replace our text with the vendor's. The field above is then ignored.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the vendor's value first, and a checkbox for each text that support has changed."""
        super().__init__(*args, **kwargs)
        vendor_values = derive_disposition(self.instance.vendor_suggested_actions)
        for name, labels in (("disposition", DISPOSITIONS), ("fixer", FIXERS)):
            field = self.fields[name]
            assert isinstance(field, forms.TypedChoiceField)
            field.choices = [
                ("", f"From the vendor's text: {labels[getattr(vendor_values, name)]}"),
                *labels.items(),
            ]
            by_vendor = getattr(self.instance, f"{name}_origin") == Origin.VENDOR
            self.initial[name] = "" if by_vendor else getattr(self.instance, name)
        edited = self.instance.edited_texts
        for name in VENDOR_TEXTS[1:]:
            if name in self.fields:
                self.fields[name].widget.attrs["rows"] = 4
        checkboxes = self.fields["take_vendor"]
        assert isinstance(checkboxes, forms.MultipleChoiceField)
        checkboxes.choices = [(name, LABELS[name]) for name in edited]

    def clean(self) -> dict[str, Any]:
        """Replace the ticked texts with the vendor's; add an error if the code is its own successor."""
        values = super().clean()
        for name in values.get("take_vendor", []):
            values[name] = getattr(self.instance, f"vendor_{name}")
        successor = values.get("successor")
        if successor and successor.pk == self.instance.pk:
            self.add_error("successor", "A code cannot be its own successor: choose another one, or none.")
        return values


def _vendor_text_column(name: str) -> Any:
    @admin.display(description=f"{LABELS[name]}, vendor's text")
    def column(self: Any, code: ReturnCode) -> SafeString:
        words = {"vendor": getattr(code, f"vendor_{name}"), "ours": getattr(code, name)}
        return render_to_string("admin/kb/vendor_text.html", words)

    return column


@admin.register(ReturnCode)
class ReturnCodeAdmin(WithBulkActions, VersionedAdmin):
    """Imports add and retire codes. In the admin, codes can be edited but neither added nor deleted."""

    form = CodeForm
    bulk_actions = CODE_ACTIONS
    noun = "code"
    value_fields = EDITABLE_FIELDS
    extra_history_fields = (*(f"vendor_{name}" for name in VENDOR_TEXTS), "retired_at")
    list_display = ("code_column", "meaning", "place", "disposition_column", "fixer_column", "notes_column", "wording")
    list_filter = (
        ListingFilter,
        NoteFilter,
        "disposition",
        "fixer",
        WordingFilter,
        ("table", ParentFilter),
        ("section", ParentFilter),
    )
    # The model's own order sorts by table name, which no index on codes contains.
    ordering = ("table_id", "position", "pk")
    # With facets, the database would count all codes once for each option of each filter.
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ("table", "section")
    search_fields = ("code",)
    search_help_text = "A code in any spelling (ORA-942, 0xC0000005, 660300001), its first digits, or words."
    autocomplete_fields = ("successor",)
    readonly_fields = (
        "code",
        "table",
        "section",
        "status",
        "other_columns",
        *(f"says_{name}" for name in VENDOR_TEXTS),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReturnCode]:
        """Return the codes that this person may read, each with whether it has a note."""
        notes = TroubleshootingNote.objects.visible_to(request.user).current()
        codes: Any = super().get_queryset(request).select_related("table", "section")
        return cast("QuerySet[ReturnCode]", codes.with_note_flag(notes))

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the pages of the list. The number of all codes is known without counting them again."""
        pages = super().get_paginator(request, *args, **kwargs)
        if not request.GET.keys() - {PAGE_VAR, ORDER_VAR} and reader(request.user) == Reader.INTERNAL:
            pages.count = grand_total()
        return pages

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: imports create codes."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return fieldsets that say who owns what; "Back to the vendor's words" only if support changed a text."""
        texts = [(name, f"says_{name}") for name in VENDOR_TEXTS]
        back = ["take_vendor"] if obj and obj.edited_texts and self.has_change_permission(request, obj) else []
        extra = ["other_columns"] if obj and obj.extra else []
        return [
            (None, {"fields": [("code", "table", "section", "status")]}),
            (
                "From the vendor's table",
                {
                    "fields": [*texts, *back, *extra],
                    "description": "What agents read, next to the vendor's text. Imports bring in the vendor's "
                    "changes; if you and the vendor changed the same text, the import asks which one to keep.",
                },
            ),
            (
                "Owned by support (imports never touch)",
                {"fields": [("disposition", "fixer"), "successor", "phrasings"]},
            ),
        ]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find a code in any spelling; if there is none, by its beginning or by words."""
        term = search_term.replace("\x00", "").strip()
        if not term:
            return queryset, False
        exact_matches = queryset.matching(term)
        if exact_matches.exists():
            return exact_matches, False
        codes = ReturnCode.objects.order_by()
        prefix_matches = lookup_queries.codes_beginning_with(codes, term[:64])
        word_matches = searching.containing(codes, term, request.user)
        if not prefix_matches.exists():
            # With the union below, the database would scan the codes in list order for a frequent word.
            return searching.containing(queryset, term, request.user), False
        # A union uses two indexes; with an OR, the database would scan all codes.
        return queryset.filter(pk__in=prefix_matches.values("pk").union(word_matches.values("pk"))), False

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show the form with links to the code's notes and incidents."""
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "has_code_links": True})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add the code's notes and incidents."""
        code = kwargs.get("obj")
        if code is not None:
            context["notes"] = TroubleshootingNote.objects.visible_to(request.user).about(code)
            context["incidents"] = IncidentLink.objects.visible_to(request.user).filter(codes=code).open_first()
            context["may_add_note"] = request.user.has_perm("kb.add_troubleshootingnote")
            context["may_add_incident"] = request.user.has_perm("kb.add_incidentlink")
        return super().render_change_form(request, context, *args, **kwargs)

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> ReturnCode:
        """Write through the service."""
        assert version is not None
        return edit_code(obj, version, values, by)

    def values_of(self, revision: Any) -> dict[str, Any]:
        """Return a disposition or fixer as None if it followed from the vendor's words."""
        values = super().values_of(revision)
        vendor_values = {n: None for n in ("disposition", "fixer") if getattr(revision, f"{n}_origin") == Origin.VENDOR}
        return values | vendor_values

    @admin.display(description="Code", ordering="sort_key")
    def code_column(self, code: ReturnCode) -> SafeString:
        """Return the code as the vendor writes it."""
        return tags.mono(code.code)

    @admin.display(description="Description")
    def meaning(self, code: ReturnCode) -> str:
        """Return the beginning of the description."""
        return tags.shorten(code.description or code.symbol) or tags.NONE

    @admin.display(description="Table and section")
    def place(self, code: ReturnCode) -> str:
        """Return the code's table and section."""
        return f"{code.table.product} / {code.section}"

    @admin.display(description="What to do", ordering="disposition")
    def disposition_column(self, code: ReturnCode) -> SafeString:
        """Return the disposition as a tag."""
        return tags.tag(code.disposition, code.get_disposition_display())

    @admin.display(description="Fixed by", ordering="fixer")
    def fixer_column(self, code: ReturnCode) -> SafeString:
        """Return the fixer as a tag."""
        return tags.tag(f"fixer-{code.fixer}", code.get_fixer_display())

    @admin.display(description="Note")
    def notes_column(self, code: Any) -> SafeString:
        """Return whether the code has a note."""
        return tags.tag("noted", "Has a note") if code.has_notes else tags.tag("missing", "No note")

    @admin.display(description="Status")
    def wording(self, code: ReturnCode) -> SafeString:
        """Return whether the vendor still lists the code, and whether support changed its texts."""
        words = tags.tag("ours", "Edited") if code.edited_texts else tags.tag("vendor", "Vendor text")
        return format_html("{} {}", tags.tag("retired", "Retired"), words) if code.is_retired else words

    @admin.display(description="Status")
    def status(self, code: ReturnCode) -> SafeString:
        """Return whether the vendor still lists the code."""
        if code.retired_at is None:
            return tags.tag("current", "Listed by the vendor")
        return tags.tag("retired", f"Retired since {code.retired_at:%Y-%m-%d}")

    @admin.display(description="Other columns")
    def other_columns(self, code: ReturnCode) -> SafeString:
        """Return the other columns of the vendor's table."""
        return render_to_string("admin/kb/other_columns.html", {"columns": code.extra})


for _text in VENDOR_TEXTS:
    setattr(ReturnCodeAdmin, f"says_{_text}", _vendor_text_column(_text))
