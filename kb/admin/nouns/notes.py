"""Troubleshooting notes in the admin."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.validators import MaxLengthValidator
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from kb import searching
from kb.admin import tags
from kb.admin.forms import previews
from kb.admin.forms.choices import is_id
from kb.admin.forms.incidents import note_values
from kb.admin.forms.versions import VersionedForm
from kb.admin.lists.actions import WithBulkActions
from kb.admin.lists.filters import ReviewFilter
from kb.admin.lists.note_actions import NOTE_ACTIONS
from kb.admin.nouns import note_transitions
from kb.admin.versioned_admin import VersionedAdmin
from kb.models import ReturnCode, TroubleshootingNote
from kb.models.notes import NOTE_TEXTS
from kb.queries.rewordings import rewordings_of
from kb.services.journal import By
from kb.services.notes import NOTE_FIELDS, TRANSITIONS
from kb.services.proposals import save_or_propose
from kb.text.safety.markdown import MAX_LENGTH

MARKDOWN = NOTE_TEXTS[1:]
CODES_IN_LIST = 3
PROPOSAL_MESSAGE = "Your change is saved as a proposal, waiting for a reviewer."


class NoteForm(VersionedForm):
    """A note in the KCS shape."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Mark the Markdown fields for the script, and limit them to what the renderer accepts."""
        super().__init__(*args, **kwargs)
        for name in MARKDOWN:
            if name in self.fields:
                self.fields[name].widget.attrs |= {"data-markdown": "", "rows": 8 if name == "resolution" else 5}
                self.fields[name].validators.append(MaxLengthValidator(MAX_LENGTH))


@admin.register(TroubleshootingNote)
class NoteAdmin(WithBulkActions, VersionedAdmin):
    """Notes are archived, never deleted."""

    form = NoteForm
    bulk_actions = NOTE_ACTIONS
    noun = "note"
    value_fields = NOTE_FIELDS
    link_fields = ("codes", "ranges")
    prefill_fields = ("issue",)
    extra_history_fields = ("state",)
    change_form_template = "admin/kb/note_form.html"
    list_display = (
        "codes_column",
        "title",
        "state_column",
        "audience_column",
        "owner",
        "review_column",
        "update_column",
    )
    list_display_links = ("title",)
    list_filter = ("state", ReviewFilter, "audience", ("owner", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("owner",)
    search_fields = ("folded_text",)
    search_help_text = "A code in any spelling, to find its notes; or words."
    autocomplete_fields = ("codes", "ranges")
    fieldsets = (
        (None, {"fields": ("title",)}),
        (
            "Troubleshooting",
            {
                "fields": ("issue", "environment", "cause", "resolution"),
                "description": "Markdown: **bold**, lists, `code`, links. HTML is shown as text.",
            },
        ),
        ("For the customer", {"fields": ("customer_reply",)}),
        ("Applies to", {"fields": ("codes", "ranges")}),
        ("Found by", {"fields": ("phrasings",)}),
        ("Ownership and review", {"fields": (("audience", "owner", "review_on"),)}),
    )

    def get_urls(self) -> list[Any]:
        """Add the addresses for the preview and for state transitions."""
        wrap = self.admin_site.admin_view
        return [
            path("preview/", wrap(self.preview_view), name="kb_troubleshootingnote_preview"),
            path("<path:object_id>/move/<slug:move>/", wrap(self.move_view), name="kb_troubleshootingnote_move"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[TroubleshootingNote]:
        """Return the notes that this person may read, each with its first codes."""
        # A prefetched slice: a note may be about thousands of codes.
        first = ReturnCode.objects.visible_to(request.user).order_by("sort_key", "pk")[: CODES_IN_LIST + 1]
        return super().get_queryset(request).prefetch_related(Prefetch("codes", first, to_attr="first_codes"))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer staff as owners, and the present owner."""
        if db_field.name == "owner":
            match = request.resolver_match
            owned = str(match.kwargs.get("object_id", "")) if match else ""
            people = Q(is_staff=True) | (Q(owned_notes=int(owned)) if is_id(owned) else Q())
            kwargs["queryset"] = get_user_model()._default_manager.filter(people, is_active=True).distinct()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Prefill the owner with the person who starts the note."""
        return {
            "owner": request.user.pk,
            **super().get_changeform_initial_data(request),
            **note_values(request),
        }

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Find the notes of a code in any spelling; if there are none, by words."""
        term = search_term.replace("\x00", "").strip()
        codes = ReturnCode.objects.visible_to(request.user).matching(term).filter(notes=OuterRef("pk"))
        about = queryset.filter(Exists(codes))
        if term and about.exists():
            return about, False
        return (searching.notes_containing(queryset, term) if term else queryset), False

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add the note's state and the transitions that this person may take."""
        note = kwargs.get("obj")
        context["incident"] = note_values(request).get("incident")
        context["preview_url"] = reverse("admin:kb_troubleshootingnote_preview")
        if note is not None:
            context["reworded"] = rewordings_of(note)
            context |= note_transitions.form_context(note, request.user)
        return super().render_change_form(request, context, *args, **kwargs)

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> Any:
        """Write through the service; `obj.waiting` is the proposal that the edit became, or None."""
        saved = save_or_propose(obj, version, values, by, **links)
        obj.waiting = saved.proposal
        return saved.note

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Log a proposal as a proposal, because the note itself is unchanged."""
        return super().log_change(request, obj.waiting or obj, message)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Redirect to the proposal if the edit became one."""
        if obj.waiting is None:
            return super().response_change(request, obj)
        messages.success(request, f"{PROPOSAL_MESSAGE} The live note does not change until it is accepted.")
        return HttpResponseRedirect(reverse("admin:kb_proposal_change", args=[obj.waiting.pk]))

    def say_reverted(self, request: HttpRequest, obj: Any, saved: Any, when: str) -> None:
        """Show the outcome of a revert, which may be a proposal."""
        if obj.waiting is None:
            super().say_reverted(request, obj, saved, when)
        else:
            messages.success(request, f"{PROPOSAL_MESSAGE} It reverts the note to the version of {when}.")

    def move_view(self, request: HttpRequest, object_id: str, move: str) -> HttpResponse:
        """Apply a state transition, or show why not."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        note, step = self.get_object(request, object_id), TRANSITIONS.get(move)
        if note is None or step is None:
            raise Http404
        if not request.user.has_perm(step.permission):
            raise PermissionDenied
        note_transitions.apply_transition(request, note, step)
        return HttpResponseRedirect(reverse("admin:kb_troubleshootingnote_change", args=[note.pk]))

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Return posted Markdown, rendered as on the card."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        if too_long := previews.length_refusal(request, MARKDOWN):
            return too_long
        texts = [
            (self.opts.get_field(name).verbose_name.capitalize(), request.POST[name])  # type: ignore[union-attr]
            for name in MARKDOWN
            if request.POST.get(name, "").strip()
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": f"Preview: {request.POST.get('title') or 'untitled note'}",
            "texts": texts,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/kb/note_preview.html", context)

    @admin.display(description="Codes")
    def codes_column(self, note: Any) -> SafeString | str:
        """Return the first codes."""
        return tags.mono_list([code.code for code in note.first_codes], CODES_IN_LIST)

    @admin.display(description="State", ordering="state")
    def state_column(self, note: TroubleshootingNote) -> SafeString:
        """Return the state, with a tag if the note needs another look."""
        state = tags.tag(note.state, note.get_state_display())
        return format_html("{} {}", state, tags.tag("look", "Needs attention")) if note.is_to_verify else state

    @admin.display(description="Review", ordering="review_on")
    def review_column(self, note: TroubleshootingNote) -> str:
        """Return the review date."""
        return note.review_on.isoformat() if note.review_on else tags.NONE

    @admin.display(description="Updated", ordering="updated_at")
    def update_column(self, note: TroubleshootingNote) -> str:
        """Return when it was last saved."""
        return tags.moment(note.updated_at)

    @admin.display(description="Audience", ordering="audience")
    def audience_column(self, note: TroubleshootingNote) -> SafeString:
        """Return the audience as a tag."""
        return tags.tag(note.audience, note.get_audience_display())
