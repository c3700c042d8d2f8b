"""The history page of an object (who changed what, when, why and where), and reverting to a revision."""

from typing import Any, ClassVar, cast

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from kb.admin.forms.revision_steps import RevisionStep, field_label, steps
from kb.models import Change, Door
from kb.models.changes import NOUNS
from kb.models.history import link_tables
from kb.services.journal import By, NotAllowed, StaleEdit

PAGE = 15


class WithRevisions:
    """Adds the history page, and reverting through the noun's own service."""

    value_fields: ClassVar[tuple[str, ...]]
    link_fields: ClassVar[tuple[str, ...]]
    noun: ClassVar[str]
    extra_history_fields: ClassVar[tuple[str, ...]] = ()

    def write(self, obj: Any, version: int | None, values: dict[str, Any], links: dict[str, Any], by: By) -> Any:
        """Write through the noun's service. Raises StaleEdit or NotAllowed."""
        raise NotImplementedError

    def get_urls(self: Any) -> list[Any]:
        """Add the address for reverting to a revision."""
        view = self.admin_site.admin_view(self.revert_view)
        name = f"kb_{self.opts.model_name}_revert"
        return [path("<path:object_id>/history/<int:revision_id>/revert/", view, name=name), *super().get_urls()]  # type: ignore[misc]

    def history_view(self: Any, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show one page of the history."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return cast("HttpResponse", self._get_obj_does_not_exist_redirect(request, self.opts, object_id))
        if not self.has_view_or_change_permission(request, obj):
            raise PermissionDenied
        page, rows = self._revisions(request, obj) if hasattr(obj, "history") else self._feed(request, obj)
        context = {
            **self.admin_site.each_context(request),
            "title": f"History: {obj}",
            "page": page,
            "steps": rows,
            "may_revert": hasattr(obj, "history") and self.has_change_permission(request, obj),
            "object": obj,
            "opts": self.opts,
            "noun": NOUNS[self.noun],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/kb/object_history.html", context)

    def revert_view(self: Any, request: HttpRequest, object_id: str, revision_id: int) -> HttpResponse:
        """Show what a revert changes and ask for a reason; on POST, write it as a new revision."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not hasattr(obj, "history"):
            raise Http404
        if not self.has_change_permission(request, obj):
            raise PermissionDenied
        revision = obj.history.filter(pk=revision_id).first()
        if revision is None:
            raise Http404
        if request.method == "POST" and self._reverted(request, obj, revision):
            return HttpResponseRedirect(reverse(f"admin:kb_{self.opts.model_name}_history", args=[obj.pk]))
        response: HttpResponse = self._confirm(request, self.get_object(request, unquote(object_id)), revision)
        return response

    def _confirm(self: Any, request: HttpRequest, obj: Any, revision: Any) -> HttpResponse:
        newest = obj.history.order_by("-history_date", "-history_id").first()
        context = {
            **self.admin_site.each_context(request),
            "title": f"Revert to the version of {moment_of(revision)}?",
            "step": steps([revision, newest], (*self.value_fields, *self.link_fields), 1, request.user)[0],
            "object": obj,
            "opts": self.opts,
            "reason": request.POST.get("reason", ""),
        }
        return TemplateResponse(request, "admin/kb/revert.html", context)

    def _reverted(self, request: HttpRequest, obj: Any, revision: Any) -> bool:
        """Revert; return False and show a message if the revert is refused."""
        if not posted_reason(request):
            messages.error(request, "Nothing was changed. Enter a reason: the history shows it.")
            return False
        try:
            self._revert(request, obj, revision)
        except (StaleEdit, NotAllowed, ValidationError) as refusal:
            why = "; ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(refusal)
            messages.error(request, f"Nothing was changed. {why}")
            return False
        return True

    def values_of(self, revision: Any) -> dict[str, Any]:
        """Return the values that `write` needs to restore a revision's texts."""
        return {name: _value(revision, name) for name in self.value_fields}

    def _revert(self: Any, request: HttpRequest, obj: Any, revision: Any) -> None:
        values = self.values_of(revision)
        links = {name: _targets(revision, name) for name in self.link_fields}
        candidate = self.model(pk=obj.pk, **{n: v for n, v in values.items() if v is not None})
        candidate.full_clean(exclude={f.name for f in self.opts.fields} - set(values))
        when = moment_of(revision)
        version, by = version_and_by(request, f"Back to {when}: ")
        saved = self.write(obj, version, values, links, by)
        self.say_reverted(request, obj, saved, when)

    def say_reverted(self, request: HttpRequest, obj: Any, saved: Any, when: str) -> None:
        """Show the outcome of a revert."""
        if saved.version == obj.version:
            messages.info(request, f"Nothing to do: the version of {when} is the current one.")
        else:
            messages.success(request, f"Reverted to the version of {when}. The history shows this as a new version.")

    def _revisions(self: Any, request: HttpRequest, obj: Any) -> "tuple[Page[Any], list[RevisionStep]]":
        fields = (*self.value_fields, *self.extra_history_fields, *self.link_fields)
        related = [n for n in fields if self.model._meta.get_field(n).many_to_one]
        revisions = obj.history.select_related("history_user", *related).order_by("-history_date", "-history_id")
        page = Paginator(revisions, PAGE).get_page(request.GET.get("p"))
        start = max(page.start_index() - 1, 0)
        # One revision more than the page shows: the last one is compared with the first of the next page.
        return page, steps(list(revisions[start : start + PAGE + 1]), fields, PAGE, request.user)

    def _feed(self: Any, request: HttpRequest, obj: Any) -> "tuple[Page[Any], list[Any]]":
        changes = Change.objects.visible_to(request.user).filter(noun=self.noun, object_id=obj.pk)
        page: Page[Any] = Paginator(changes.select_related("actor"), PAGE).get_page(request.GET.get("p"))
        page.object_list = [(change, [label_of(self.model, name) for name in change.fields]) for change in page]
        return page, []


def label_of(model: Any, name: str) -> str:
    """Return a field's label; its stored name if an earlier release had the field and this one does not."""
    try:
        return field_label(model, name)
    except FieldDoesNotExist:
        return name


def posted_version(request: HttpRequest, name: str = "version") -> int:
    """Return the version in a submitted form; 0, which no row has, if it is missing or invalid."""
    value = request.POST.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def posted_reason(request: HttpRequest) -> str:
    """Return the reason in a submitted form, without NUL bytes."""
    return request.POST.get("reason", "").replace("\x00", "").strip()


def version_and_by(request: HttpRequest, before_reason: str = "") -> tuple[int, By]:
    """Return the version in a submitted form, and who submitted it and why."""
    return posted_version(request), By(request.user, Door.ADMIN, before_reason + posted_reason(request))


def moment_of(revision: Any) -> str:
    """Return a revision's time to the second: two revisions of one minute stay distinct."""
    return f"{timezone.localtime(revision.history_date):%Y-%m-%d %H:%M:%S}"


def _value(revision: Any, name: str) -> Any:
    field = revision.instance_type._meta.get_field(name)
    if not field.many_to_one:
        return getattr(revision, name)
    # The person or code may be deleted: a revision stores its id only.
    return field.related_model._default_manager.filter(pk=getattr(revision, field.attname)).first()


def _targets(revision: Any, name: str) -> list[Any]:
    field = revision.instance_type._meta.get_field(name)
    links = link_tables(revision.instance_type)[name].objects.filter(history=revision)
    pks = links.values_list(f"{field.m2m_reverse_field_name()}_id", flat=True)
    return list(field.related_model._default_manager.filter(pk__in=list(pks)))
