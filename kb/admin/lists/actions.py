"""Bulk actions: chosen in a list, confirmed on a page of their own, done in one transaction, then reported."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from kb.admin.forms.choices import is_id, label
from kb.admin.tags import shorten
from kb.models import Door
from kb.models.visibility import Person
from kb.services.bulk_edits import MAX_ROWS, BulkResult, edit_each
from kb.services.journal import By, NotAllowed, StaleEdit

MAX_NAMES = 10
MAX_ROW_LINKS = 100

FormValues = dict[str, Any]


class BulkForm(forms.Form):
    """The form on the confirmation page of a bulk action."""

    reason = forms.CharField(required=False, max_length=100, help_text="Shown in the history of each row.")

    def __init__(self, *args: Any, user: Person | None, site: Any, **kwargs: Any) -> None:
        """Store the person, because a form offers only what that person may read."""
        super().__init__(*args, **kwargs)
        self.user, self.site = user, site
        self.order_fields([*(name for name in self.fields if name != "reason"), "reason"])


@dataclass(frozen=True)
class BulkAction:
    """One bulk action: its name, its permission, and the verb that it applies to each row."""

    name: str
    label: str
    permission: str
    verb: Callable[[Any, int, By, FormValues], Any]
    form: type[BulkForm] = BulkForm
    next_step: Callable[[BulkResult], SafeString | str] = lambda outcome: ""
    """A hint for the report: what to do next."""
    bulk_verb: Callable[[QuerySet[Any], Mapping[int, int], By, FormValues], BulkResult] | None = None
    """Replaces `verb` if one write covers all rows."""

    @property
    def title(self) -> str:
        """The label without its ellipsis."""
        return self.label.rstrip("…")

    def run(self, rows: QuerySet[Any], versions: Mapping[int, int], by: By, values: FormValues) -> BulkResult:
        """Apply the action to the rows. Raises StaleEdit or NotAllowed."""
        if self.bulk_verb:
            return self.bulk_verb(rows, versions, by, values)
        return edit_each(rows, versions, lambda row, version, by: self.verb(row, version, by, values), by)


class WithBulkActions:
    """A list with our bulk actions instead of Django's."""

    bulk_actions: ClassVar[tuple[BulkAction, ...]] = ()

    def get_actions(self: Any, request: HttpRequest) -> dict[str, Any]:
        """Return the actions that this person may take."""
        actions = [action for action in self.bulk_actions if request.user.has_perm(action.permission)]
        return {action.name: (_view(action), action.name, action.label) for action in actions}

    def response_action(self: Any, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **options: Any) -> Any:
        """Run an action on the chosen rows; refuse values that are not primary keys."""
        if not all(is_id(value) for value in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)):
            messages.error(request, "Your selection contains something that is not in this list. Select again.")
            return None
        return super().response_action(request, queryset, *args, **options)  # type: ignore[misc]


def _view(action: BulkAction) -> Callable[..., HttpResponse | None]:
    def view(admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if not request.user.has_perm(action.permission):
            raise PermissionDenied
        return (
            _run_action(action, admin, request) if "seen" in request.POST else _start(action, admin, request, queryset)
        )

    return view


def _start(action: BulkAction, admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
    count = queryset.count()
    if count > MAX_ROWS:
        noun = admin.opts.verbose_name_plural
        message = f"You selected {count:,} {noun}; the limit is {MAX_ROWS:,}. Filter the list first."
        messages.error(request, message)
        return None
    versions = dict(queryset.prefetch_related(None).values_list("pk", "version"))
    if not versions:
        messages.warning(request, "The selected rows no longer exist. Select again.")
        return None
    return _confirmation_page(action, admin, request, versions, action.form(user=request.user, site=admin.admin_site))


def _run_action(action: BulkAction, admin: Any, request: HttpRequest) -> HttpResponse | None:
    versions = _versions(request.POST["seen"])
    if not versions:
        messages.error(request, "Your selection could not be read. Select again.")
        return None
    form = action.form(request.POST, user=request.user, site=admin.admin_site)
    if not form.is_valid():
        return _confirmation_page(action, admin, request, versions, form)
    by = By(request.user, Door.ADMIN, form.cleaned_data.pop("reason").replace("\x00", ""))
    rows = admin.get_queryset(request).prefetch_related(None)
    try:
        outcome = action.run(rows, versions, by, form.cleaned_data)
    except (StaleEdit, NotAllowed) as refusal:
        messages.error(request, f"Nothing was changed. {refusal}")
    else:
        _report(action, admin, request, outcome)
    return None


def _confirmation_page(
    action: BulkAction, admin: Any, request: HttpRequest, versions: Mapping[int, int], form: BulkForm
) -> HttpResponse:
    nouns = admin.opts.verbose_name if len(versions) == 1 else admin.opts.verbose_name_plural
    rows = admin.get_queryset(request).prefetch_related(None).filter(pk__in=list(versions)[:MAX_ROW_LINKS])
    context = {
        **admin.admin_site.each_context(request),
        "title": f"{action.title}: {len(versions):,} {nouns}",
        "action": action,
        "form": form,
        "rows": [(row, label(row)) for row in rows],
        "count": len(versions),
        "more": max(len(versions) - MAX_ROW_LINKS, 0),
        "versions": ",".join(f"{pk}:{version}" for pk, version in versions.items()),
        "first": next(iter(versions), ""),
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
        "media": admin.media + form.media,
        "opts": admin.opts,
        "change": f"admin:kb_{admin.opts.model_name}_change",
    }
    return TemplateResponse(request, "admin/kb/bulk_action.html", context)


def _versions(text: str) -> dict[int, int]:
    """Return the version of each chosen row, from the confirmation page's hidden field; {} if the text is invalid."""
    pairs = [pair.split(":") for pair in text.split(",")]
    if len(pairs) > MAX_ROWS or not all(len(pair) == 2 and is_id(pair[0]) and is_id(pair[1]) for pair in pairs):
        return {}
    return {int(pk): int(version) for pk, version in pairs}


def _report(action: BulkAction, admin: Any, request: HttpRequest, outcome: BulkResult) -> None:
    message = f"{action.title}: {_count_label(admin, len(outcome.edited))} changed."
    if outcome.unchanged:
        message += f" {_count_label(admin, len(outcome.unchanged))} already up to date."
    if outcome.proposals:
        message += f" {len(outcome.proposals):,} waiting for a reviewer."
    (messages.success if outcome.edited or outcome.proposals else messages.warning)(request, message)
    for reason, rows in outcome.refusals.items():
        names = ", ".join(f"“{shorten(str(row), 60)}”" for row in rows[:MAX_NAMES])
        more = f" and {len(rows) - MAX_NAMES:,} more" if len(rows) > MAX_NAMES else ""
        # An address or a name stays as it is written.
        why = (capfirst(reason) if reason.partition(" ")[0].isalpha() else reason).rstrip(".")
        messages.warning(request, f"{_count_label(admin, len(rows))} skipped: {names}{more}. {why}.")
    if outcome.edited and (hint := action.next_step(outcome)):
        messages.info(request, hint)


def _count_label(admin: Any, count: int) -> str:
    return f"{count:,} {admin.opts.verbose_name if count == 1 else admin.opts.verbose_name_plural}"
