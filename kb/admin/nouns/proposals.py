"""Proposals in the admin: reviewers decide them, authors keep them up to date."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.safestring import SafeString

from kb.admin import tags
from kb.admin.forms.proposals import ConflictForm, differences
from kb.admin.forms.revisions import posted_version
from kb.admin.lists.filters import OptionFilter
from kb.admin.nouns.notes import NoteAdmin, NoteForm
from kb.admin.versioned_admin import VersionedAdmin
from kb.models import Door, Proposal
from kb.models.proposals import PROPOSED, PROPOSED_LINKS
from kb.queries.proposals import is_outdated, words_of
from kb.services.journal import By, NotAllowed, StaleEdit
from kb.services.notes import CHANGE
from kb.services.proposal_rules import actions_for, why_not_act
from kb.services.proposals import (
    MAX_COMMENT,
    accept_proposal,
    rebase_proposal,
    return_proposal,
    revise_proposal,
    withdraw_proposal,
)

SUCCESS_MESSAGES = {
    "accept": "The proposal is accepted: the note is updated and validated.",
    "return": "The proposal is returned to its author.",
    "withdraw": "The proposal is withdrawn.",
}


class ProposalForm(NoteForm):
    """A note's form for its proposal."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Prefill the reason with the present one."""
        super().__init__(*args, **kwargs)
        self.initial["reason"] = self.instance.reason


class AuthorFilter(OptionFilter):
    """Filters by author: mine or somebody else's."""

    title = "author"
    parameter_name = "by"

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        """Set the options for the current user."""
        own = Q(author=request.user.pk)
        self.options = (
            ("me", "Mine", lambda proposals: proposals.filter(own)),
            ("others", "Somebody else's", lambda proposals: proposals.exclude(own)),
        )
        super().__init__(request, *args)


@admin.register(Proposal)
class ProposalAdmin(VersionedAdmin):
    """A note's form creates proposals; people decide them here."""

    form = ProposalForm
    noun = "proposal"
    value_fields = PROPOSED
    link_fields = PROPOSED_LINKS
    extra_history_fields = ("state", "comment")
    change_form_template = "admin/kb/proposal_form.html"
    list_display = ("title", "state_column", "author", "reason", "reviewer", "update_column")
    list_filter = ("state", AuthorFilter)
    list_select_related = ("author", "reviewer")
    search_fields = ("title", "note__title", "reason", "author__username")
    search_help_text = "Words from the title or the reason, or the name of the author."
    autocomplete_fields = PROPOSED_LINKS
    fieldsets: ClassVar[Any] = (*NoteAdmin.fieldsets[:-2], ("Visibility", {"fields": ("audience",)}))

    def get_urls(self) -> list[Any]:
        """Add the addresses for updating a proposal and deciding it."""
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/rebase/", wrap(self.rebase_view), name="kb_proposal_rebase"),
            path("<path:object_id>/do/<slug:action>/", wrap(self.action_view), name="kb_proposal_do"),
            *super().get_urls(),
        ]

    # Permissions: everyone who edits notes reads proposals, and authors change their own.

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show proposals to everyone who may edit notes."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow everyone who may edit notes."""
        return request.user.has_perm(CHANGE)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a proposal starts in a note's form."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow authors to change their own."""
        return obj is not None and not why_not_act("revise", obj, request.user)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add what the proposal changes, and the actions that this person may take."""
        proposal = kwargs["obj"]
        context |= {
            "preview_url": reverse("admin:kb_troubleshootingnote_preview"),
            "differences": differences(proposal.base, words_of(proposal)),
            "actions": actions_for(proposal, request.user),
            "is_outdated": proposal.is_unsettled and is_outdated(proposal),
            "max_comment": MAX_COMMENT,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> Any:
        """Write through the service."""
        assert version is not None
        return revise_proposal(obj, version, values, by, **links)

    def action_view(self, request: HttpRequest, object_id: str, action: str) -> HttpResponse:
        """Accept, return or withdraw a proposal, or show why not."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        proposal = self._visible_proposal(request, object_id)
        if action not in SUCCESS_MESSAGES:
            raise Http404
        try:
            _decide(request, proposal, action)
        except (StaleEdit, NotAllowed) as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, SUCCESS_MESSAGES[action])
        return HttpResponseRedirect(_page(proposal))

    def rebase_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the live note's changes and the updated proposal; on POST, save it."""
        proposal = self._visible_proposal(request, object_id)
        refusal = why_not_act("rebase", proposal, request.user)
        if refusal or not is_outdated(proposal):
            messages.error(request, refusal or "The proposal is already up to date.")
            return HttpResponseRedirect(_page(proposal))
        form = ConflictForm(proposal, request.POST if request.method == "POST" else None)
        if form.is_valid() and _rebase(request, proposal, form.cleaned_data):
            return HttpResponseRedirect(_page(proposal))
        proposal = self._visible_proposal(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": "Bring the proposal up to date",
            "opts": self.opts,
            "proposal": proposal,
            "form": form,
        }
        return TemplateResponse(request, "admin/kb/proposal_rebase.html", context)

    def _visible_proposal(self, request: HttpRequest, object_id: str) -> Proposal:
        if not self.has_view_permission(request):
            raise PermissionDenied
        proposal: Proposal | None = self.get_object(request, unquote(object_id))
        if proposal is None:
            raise Http404
        return proposal

    @admin.display(description="State", ordering="state")
    def state_column(self, proposal: Proposal) -> SafeString:
        """Return the state as a tag."""
        return tags.tag(f"proposal_{proposal.state}", proposal.get_state_display())

    @admin.display(description="Updated", ordering="updated_at")
    def update_column(self, proposal: Proposal) -> str:
        """Return when it was last saved."""
        return tags.moment(proposal.updated_at)


def _page(proposal: Proposal) -> str:
    return reverse("admin:kb_proposal_change", args=[proposal.pk])


def _decide(request: HttpRequest, proposal: Proposal, action: str) -> None:
    comment = request.POST.get("comment", "").replace("\x00", "").strip()
    by, version = By(request.user, Door.ADMIN), posted_version(request)
    if action == "accept":
        accept_proposal(proposal, version, by, comment)
    elif action == "return":
        return_proposal(proposal, version, comment, by)
    else:
        withdraw_proposal(proposal, version, by)


def _rebase(request: HttpRequest, proposal: Proposal, texts: dict[str, str]) -> bool:
    live = posted_version(request, "live")
    try:
        rebase_proposal(proposal, posted_version(request), live, texts, By(request.user, Door.ADMIN))
    except (StaleEdit, NotAllowed) as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(request, "The proposal is up to date with the live note, and waiting for a reviewer.")
    return True
