"""Return codes: what the vendor says, and what support makes of it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kb import searching
from kb.admin.forms.versions import VersionedAdmin, VersionedForm
from kb.admin.lists import tags
from kb.admin.lists.actions import WithSteps
from kb.admin.lists.code_actions import CODE_STEPS
from kb.admin.lists.filters import Belonging, HasNote, Listed, Wording
from kb.models import IncidentLink, ReturnCode, TroubleshootingNote
from kb.models.codes import VENDOR_TEXTS
from kb.models.origins import Origin
from kb.queries import lookup as lookup_queries
from kb.services.codes import CODE_FIELDS, edit_code
from kb.services.journal import By
from kb.text.codes.disposition import DISPOSITIONS, FIXERS, derive_disposition


class CodeForm(VersionedForm):
    """Support's side of a code. An empty disposition or fixer hands the decision back to the vendor's words."""

    disposition = forms.TypedChoiceField(label="What to do", required=False, empty_value=None)
    fixer = forms.TypedChoiceField(label="Who can fix it", required=False, empty_value=None)
    take_vendor = forms.MultipleChoiceField(
        label="Back to the vendor's words",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick and save: the vendor's text replaces ours, whatever stands in the field above.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer what follows from the vendor's words first, and the way back where our words differ from them."""
        super().__init__(*args, **kwargs)
        derived = derive_disposition(self.instance.vendor_suggested_actions)
        for name, labels in (("disposition", DISPOSITIONS), ("fixer", FIXERS)):
            field = self.fields[name]
            assert isinstance(field, forms.TypedChoiceField)
            field.choices = [("", f"As the vendor's words say: {labels[getattr(derived, name)]}"), *labels.items()]
            by_vendor = getattr(self.instance, f"{name}_origin") == Origin.VENDOR
            self.initial[name] = "" if by_vendor else getattr(self.instance, name)
        edited = self.instance.edited_texts
        for name in VENDOR_TEXTS[1:]:
            if name in self.fields:
                self.fields[name].widget.attrs["rows"] = 4
        take = self.fields["take_vendor"]
        assert isinstance(take, forms.MultipleChoiceField)
        take.choices = [(name, _name(name)) for name in edited]

    def clean(self) -> dict[str, Any]:
        """Put the vendor's words in where that was asked for."""
        cleaned = super().clean()
        for name in cleaned.get("take_vendor", []):
            cleaned[name] = getattr(self.instance, f"vendor_{name}")
        successor = cleaned.get("successor")
        if successor and successor.pk == self.instance.pk:
            self.add_error("successor", "A code cannot take its own place: choose another one, or none.")
        return cleaned


def _name(field: str) -> str:
    return field.replace("_", " ").capitalize()


def _vendor_says(name: str) -> Any:
    @admin.display(description=f"{_name(name)}, as the vendor says")
    def says(self: Any, code: ReturnCode) -> SafeString:
        words = {"vendor": getattr(code, f"vendor_{name}"), "ours": getattr(code, name)}
        return render_to_string("admin/kb/vendor_says.html", words)

    return says


@admin.register(ReturnCode)
class ReturnCodeAdmin(WithSteps, VersionedAdmin):
    """Codes come with imports, and the vendor dropping one retires it: nothing is added or deleted by hand."""

    form = CodeForm
    steps = CODE_STEPS
    noun = "code"
    written = CODE_FIELDS
    also_in_history = (*(f"vendor_{name}" for name in VENDOR_TEXTS), "retired_at")
    list_display = ("listed_code", "meaning", "place", "listed_disposition", "listed_fixer", "listed_notes", "wording")
    list_filter = (
        Listed,
        HasNote,
        "disposition",
        "fixer",
        Wording,
        ("table", Belonging),
        ("section", Belonging),
    )
    # Not the model's own order: that sorts by the words of the tables, which no index of the codes has.
    ordering = ("table_id", "position", "pk")
    # Counts beside each answer of each filter: as many counts of all codes.
    show_facets = admin.ShowFacets.NEVER
    list_select_related = ("table", "section")
    search_fields = ("code",)
    search_help_text = "A code in any spelling (ORA-942, 0xC0000005, 660300001), its beginning, or words."
    autocomplete_fields = ("successor",)
    says_symbol = _vendor_says("symbol")
    says_description = _vendor_says("description")
    says_possible_reasons = _vendor_says("possible_reasons")
    says_suggested_actions = _vendor_says("suggested_actions")
    readonly_fields = (
        "code",
        "table",
        "section",
        "status",
        "other_columns",
        *(f"says_{name}" for name in VENDOR_TEXTS),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReturnCode]:
        """Show what this person may read, and whether there is a note about it."""
        notes = TroubleshootingNote.objects.visible_to(request.user).current()
        return super().get_queryset(request).select_related("table", "section").with_note_flag(notes)  # type: ignore[attr-defined]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: codes come with imports."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say who owns what; the way back to the vendor's words only where there is one."""
        texts = [(name, f"says_{name}") for name in VENDOR_TEXTS]
        back = ["take_vendor"] if obj and obj.edited_texts and self.has_change_permission(request, obj) else []
        extra = ["other_columns"] if obj and obj.extra else []
        return [
            (None, {"fields": [("code", "table", "section", "status")]}),
            (
                "From the vendor's table",
                {
                    "fields": [*texts, *back, *extra],
                    "description": "What agents read, beside what the vendor says. An import brings the vendor's "
                    "changes in; where both sides changed the same text it asks.",
                },
            ),
            ("Owned by support (imports never touch)", {"fields": [("disposition", "fixer"), "successor"]}),
        ]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find a code in any of its readings; only where there is none, by its beginning or by words."""
        term = search_term.replace("\x00", "").strip()
        if not term:
            return queryset, False
        exact = queryset.matching(term)
        if exact.exists():
            return exact, False
        codes = ReturnCode.objects.order_by()
        begun, said = (
            lookup_queries.codes_beginning_with(codes, term[:64]),
            searching.containing(codes, term, request.user),
        )
        if not begun.exists():
            # Not by the union: where a word is everywhere, the database goes through the codes in the list's order.
            return searching.containing(queryset, term, request.user), False
        # Of two indexes: with an OR, the database would go through all codes.
        return queryset.filter(pk__in=begun.values("pk").union(said.values("pk"))), False

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show the form with what is known about the code."""
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "about_code": True})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add the notes and incidents of the code, each one click away."""
        code = kwargs.get("obj")
        if code is not None:
            context["notes"] = TroubleshootingNote.objects.visible_to(request.user).about(code)
            context["incidents"] = IncidentLink.objects.visible_to(request.user).filter(codes=code).open_first()
            context["may_add_note"] = request.user.has_perm("kb.add_troubleshootingnote")
            context["may_add_incident"] = request.user.has_perm("kb.add_incidentlink")
        return super().render_change_form(request, context, *args, **kwargs)

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> ReturnCode:
        """Write through the verb."""
        assert version is not None
        return edit_code(obj, version, values, by)

    def values_of(self, revision: Any) -> dict[str, Any]:
        """Bring a decision of support's back as such, and one that followed from the vendor's words as theirs."""
        values = super().values_of(revision)
        derived = {n: None for n in ("disposition", "fixer") if getattr(revision, f"{n}_origin") == Origin.VENDOR}
        return values | derived

    @admin.display(description="Code", ordering="sort_key")
    def listed_code(self, code: ReturnCode) -> SafeString:
        """Show the code as the vendor writes it."""
        return tags.mono(code.code)

    @admin.display(description="Description")
    def meaning(self, code: ReturnCode) -> str:
        """Show the beginning of the description."""
        return tags.shortened(code.description or code.symbol) or tags.NONE

    @admin.display(description="Table and section")
    def place(self, code: ReturnCode) -> str:
        """Show where the code stands."""
        return f"{code.table.product} / {code.section}"

    @admin.display(description="What to do", ordering="disposition")
    def listed_disposition(self, code: ReturnCode) -> SafeString:
        """Show the disposition."""
        return tags.tag(code.disposition, code.get_disposition_display())

    @admin.display(description="Who fixes", ordering="fixer")
    def listed_fixer(self, code: ReturnCode) -> SafeString:
        """Show who can fix it."""
        return tags.tag(f"fixer-{code.fixer}", code.get_fixer_display())

    @admin.display(description="Note")
    def listed_notes(self, code: Any) -> SafeString:
        """Show whether there is a note about the code."""
        return tags.tag("noted", "Has a note") if code.has_notes else tags.tag("missing", "No note")

    @admin.display(description="Listed, wording")
    def wording(self, code: ReturnCode) -> SafeString:
        """Show whether the vendor still lists the code, and whose words these are."""
        words = tags.tag("ours", "Edited") if code.edited_texts else tags.tag("vendor", "Vendor's")
        return format_html("{} {}", tags.tag("retired", "Retired"), words) if code.is_retired else words

    @admin.display(description="Status")
    def status(self, code: ReturnCode) -> SafeString:
        """Show whether the vendor still lists the code."""
        if code.retired_at is None:
            return tags.tag("current", "Listed by the vendor")
        return tags.tag("retired", f"Retired since {code.retired_at:%Y-%m-%d}")

    @admin.display(description="Other columns")
    def other_columns(self, code: ReturnCode) -> SafeString:
        """Show the other columns of the vendor's table."""
        return render_to_string("admin/kb/other_columns.html", {"columns": code.extra})
