"""Steps on many rows of a list: chosen, confirmed on a page of their own, done in one transaction, and reported."""

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
from kb.admin.lists.tags import shortened
from kb.models import Door
from kb.models.visibility import Person
from kb.services.bulk_edits import MAX_ROWS, BulkResult, edit_each
from kb.services.journal import By, NotAllowed, StaleEdit

NAMED = 10
SHOWN = 100

Given = dict[str, Any]


class StepForm(forms.Form):
    """What a step is told besides its rows."""

    reason = forms.CharField(required=False, max_length=100, help_text="Shown in the history of each.")

    def __init__(self, *args: Any, user: Person | None, site: Any, **kwargs: Any) -> None:
        """Keep who asks: a step offers what that person may read."""
        super().__init__(*args, **kwargs)
        self.user, self.site = user, site
        self.order_fields([*(name for name in self.fields if name != "reason"), "reason"])


@dataclass(frozen=True)
class BulkAction:
    """One step: what it is called, who may take it, and the verb that it applies to each row."""

    name: str
    label: str
    permission: str
    verb: Callable[[Any, int, By, Given], Any]
    form: type[StepForm] = StepForm
    next: Callable[[BulkResult], SafeString | str] = lambda outcome: ""
    """What to do next, for the report."""
    together: Callable[[QuerySet[Any], Mapping[int, int], By, Given], BulkResult] | None = None
    """In place of the verb: one write about all rows."""

    @property
    def title(self) -> str:
        """The label without its sign that the next page asks for something."""
        return self.label.rstrip("…")

    def take(self, rows: QuerySet[Any], seen: Mapping[int, int], by: By, given: Given) -> BulkResult:
        """Do it."""
        if self.together:
            return self.together(rows, seen, by, given)
        return edit_each(rows, seen, lambda row, version, by: self.verb(row, version, by, given), by)


class WithSteps:
    """A list with steps on many rows, in the place of Django's actions."""

    steps: ClassVar[tuple[BulkAction, ...]] = ()

    def get_actions(self: Any, request: HttpRequest) -> dict[str, Any]:
        """Offer the steps that this person may take."""
        offered = [step for step in self.steps if request.user.has_perm(step.permission)]
        return {step.name: (_action(step), step.name, step.label) for step in offered}

    def response_action(self: Any, request: HttpRequest, queryset: QuerySet[Any], *args: Any) -> Any:
        """Take a step on what was chosen; what is no row's number was chosen by nobody."""
        if not all(is_id(value) for value in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)):
            messages.error(request, "Something was chosen that is no row of this list: choose again.")
            return None
        return super().response_action(request, queryset, *args)  # type: ignore[misc]


def _action(step: BulkAction) -> Callable[..., HttpResponse | None]:
    def act(admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if not request.user.has_perm(step.permission):
            raise PermissionDenied
        return _confirmed(step, admin, request) if "seen" in request.POST else _chosen(step, admin, request, queryset)

    return act


def _chosen(step: BulkAction, admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
    count = queryset.count()
    if count > MAX_ROWS:
        noun = admin.opts.verbose_name_plural
        say = f"You chose {count:,} {noun}; one step takes up to {MAX_ROWS:,}. Narrow the list by its filters first."
        messages.error(request, say)
        return None
    seen = dict(queryset.prefetch_related(None).values_list("pk", "version"))
    if not seen:
        messages.warning(request, "Nothing that was chosen is there any more: choose again.")
        return None
    return _ask(step, admin, request, seen, step.form(user=request.user, site=admin.admin_site))


def _confirmed(step: BulkAction, admin: Any, request: HttpRequest) -> HttpResponse | None:
    seen = _read(request.POST["seen"])
    if not seen:
        messages.error(request, "What was chosen cannot be read any more: choose again.")
        return None
    form = step.form(request.POST, user=request.user, site=admin.admin_site)
    if not form.is_valid():
        return _ask(step, admin, request, seen, form)
    by = By(request.user, Door.ADMIN, form.cleaned_data.pop("reason").replace("\x00", ""))
    rows = admin.get_queryset(request).prefetch_related(None)
    try:
        outcome = step.take(rows, seen, by, form.cleaned_data)
    except (StaleEdit, NotAllowed) as refusal:
        messages.error(request, f"Nothing was done. {refusal}")
    else:
        _report(step, admin, request, outcome)
    return None


def _ask(step: BulkAction, admin: Any, request: HttpRequest, seen: Mapping[int, int], form: StepForm) -> HttpResponse:
    nouns = admin.opts.verbose_name if len(seen) == 1 else admin.opts.verbose_name_plural
    rows = admin.get_queryset(request).prefetch_related(None).filter(pk__in=list(seen)[:SHOWN])
    context = {
        **admin.admin_site.each_context(request),
        "title": f"{step.title}: {len(seen):,} {nouns}",
        "step": step,
        "form": form,
        "rows": [(row, label(row)) for row in rows],
        "count": len(seen),
        "more": max(len(seen) - SHOWN, 0),
        "seen": ",".join(f"{pk}:{version}" for pk, version in seen.items()),
        "first": next(iter(seen), ""),
        "checkbox": helpers.ACTION_CHECKBOX_NAME,
        "media": admin.media + form.media,
        "opts": admin.opts,
        "change": f"admin:kb_{admin.opts.model_name}_change",
    }
    return TemplateResponse(request, "admin/kb/step.html", context)


def _read(seen: str) -> dict[int, int]:
    """Return the versions of the rows that the page before showed; {} for what no page of ours sends."""
    pairs = [pair.split(":") for pair in seen.split(",")]
    if len(pairs) > MAX_ROWS or not all(len(pair) == 2 and is_id(pair[0]) and is_id(pair[1]) for pair in pairs):
        return {}
    return {int(pk): int(version) for pk, version in pairs}


def _report(step: BulkAction, admin: Any, request: HttpRequest, outcome: BulkResult) -> None:
    say = f"{step.title}: {_counted(admin, len(outcome.edited))} done."
    if outcome.unchanged:
        say += f" {_counted(admin, len(outcome.unchanged))} needed nothing."
    if outcome.proposals:
        say += f" {len(outcome.proposals):,} wait for a reviewer as proposals."
    (messages.success if outcome.edited or outcome.proposals else messages.warning)(request, say)
    for reason, rows in outcome.refusals.items():
        names = ", ".join(f"“{shortened(str(row), 60)}”" for row in rows[:NAMED])
        more = f" and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
        why = capfirst(reason).rstrip(".")
        messages.warning(request, f"{_counted(admin, len(rows))} left as before: {names}{more}. {why}.")
    if outcome.edited and (next_say := step.next(outcome)):
        messages.info(request, next_say)


def _counted(admin: Any, count: int) -> str:
    return f"{count:,} {admin.opts.verbose_name if count == 1 else admin.opts.verbose_name_plural}"
