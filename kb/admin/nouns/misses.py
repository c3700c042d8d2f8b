"""Misses: what people look for and do not find, and what may become of it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from kb.admin.forms.choices import is_id
from kb.admin.lists.miss_actions import steps
from kb.admin.lists.strict_changelist import WrongParameter
from kb.admin.lists.tags import shortened
from kb.models import Door, IgnoredMiss, Miss
from kb.models.usage import MISS_LENGTH
from kb.queries import work_queue
from kb.services.journal import By, NotAllowed
from kb.services.misses import ignore_miss, unignore_miss

PER_PAGE = 50


_ASKED = {"p": None, "q": None, "ignored": ("", "0", "1")}
"""What the list's address may ask for, and the values where there are few."""


def _check(request: HttpRequest) -> None:
    for name, value in request.GET.items():
        if name not in _ASKED:
            raise WrongParameter(name, "is not what this list is filtered by", _ASKED)
        if (allowed := _ASKED[name]) and value not in allowed:
            raise WrongParameter(name, f"is not one of its values: {shortened(str(value), 40)}", allowed)
    page = request.GET.get("p", "1")
    if not is_id(page):
        raise WrongParameter("p", f"is no whole number: {shortened(page, 40)}")


@admin.register(Miss)
class MissAdmin(admin.ModelAdmin):
    """Counts are only read; a decision about a text is a click on the right form."""

    def get_urls(self) -> list[Any]:
        """Add the decisions that need no form."""
        view = self.admin_site.admin_view(self.ignore_view)
        return [path("ignore/", view, name="kb_miss_ignore"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: misses are counted."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: counts stay as they are."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what asks for nothing is ignored, and comes back when that was wrong."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """List the texts of the last 28 days, the most asked for first, or those that are ignored."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            _check(request)
        except WrongParameter as problem:
            messages.error(request, str(problem))
            return HttpResponseRedirect(request.path)
        ignored = request.GET.get("ignored") == "1"
        asked = request.GET.get("q", "").replace("\x00", "").strip()[:MISS_LENGTH]
        texts: Any = (
            IgnoredMiss.objects.select_related("ignored_by").order_by("text") if ignored else self._open(request)
        )
        page = Paginator(texts.filter(text__icontains=asked) if asked else texts, PER_PAGE).get_page(
            request.GET.get("p")
        )
        context = {
            **self.admin_site.each_context(request),
            "title": "Misses",
            "opts": self.opts,
            "page": page,
            "rows": [] if ignored else _rows(request, list(page.object_list)),
            "ignored": ignored,
            "asked": asked,
            "days": work_queue.DAYS,
            "may_decide": request.user.has_perm("kb.change_miss"),
        }
        return TemplateResponse(request, "admin/kb/misses.html", context)

    def _open(self, request: HttpRequest) -> Any:
        return Miss.objects.visible_to(request.user).open().by_text(work_queue.since())

    def ignore_view(self, request: HttpRequest) -> HttpResponse:
        """Set a text aside, or take that back."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm("kb.change_miss"):
            raise PermissionDenied
        text, by = request.POST.get("text", "").replace("\x00", ""), By(request.user, Door.ADMIN)
        back = f"{reverse('admin:kb_miss_changelist')}?{urlencode({'ignored': request.POST.get('ignored', '')[:1]})}"
        ignored = IgnoredMiss.objects.filter(text=text).first()
        try:
            if request.POST.get("heed") and ignored:
                unignore_miss(ignored, by)
                messages.success(request, f"“{text}” is no longer ignored.")
            elif Miss.objects.filter(text=text).exists():
                ignore_miss(text, by)
                messages.success(request, f"“{text}” is ignored from now on.")
            else:
                messages.error(request, f"Nobody has asked for “{text[:MISS_LENGTH]}”.")
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(back)


def _rows(request: HttpRequest, misses: list[Any]) -> list[dict[str, Any]]:
    texts = [miss["text"] for miss in misses]
    known, ranges = work_queue.known_texts(texts), work_queue.ranges_of(texts, request.user)
    return [
        miss
        | {
            "known": miss["text"] in known,
            "ranges": ranges[miss["text"]],
            "steps": steps(request.user, miss["text"], ranges[miss["text"]]),
        }
        for miss in misses
    ]
