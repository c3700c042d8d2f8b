"""Searches without an answer ("misses"), and the forms that staff can start from them."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from kb.admin.forms.choices import is_id
from kb.admin.generics import ModelAdmin
from kb.admin.lists.miss_actions import miss_actions
from kb.admin.lists.strict_changelist import WrongParameter
from kb.admin.nouns.phrasings import phrasing_page
from kb.admin.tags import shorten
from kb.models import Door, IgnoredMiss, Miss
from kb.models.usage import MISS_LENGTH
from kb.queries import work_queue
from kb.queries.phrasings import phrased
from kb.services.journal import By, NotAllowed
from kb.services.misses import ignore_miss, unignore_miss

PER_PAGE = 50


_PARAMETERS = {"p": None, "q": None, "ignored": ("", "0", "1")}
"""The parameters that the list accepts, and their values if those are few."""


def _check(request: HttpRequest) -> None:
    for name, value in request.GET.items():
        if name not in _PARAMETERS:
            raise WrongParameter(name, "is not a filter of this list", _PARAMETERS)
        if (allowed := _PARAMETERS[name]) and value not in allowed:
            raise WrongParameter(name, f"cannot have this value: {shorten(str(value), 40)}", allowed)
    page = request.GET.get("p", "1")
    if not is_id(page):
        raise WrongParameter("p", f"is not a whole number: {shorten(page, 40)}")


@admin.register(Miss)
class MissAdmin(ModelAdmin):
    """A list of counts. Staff ignore a text, or open one of its prefilled forms."""

    def get_urls(self) -> list[Any]:
        """Add the addresses for ignoring a text and for making it a phrasing."""
        view = self.admin_site.admin_view(self.ignore_view)
        phrasing = self.admin_site.admin_view(lambda request: phrasing_page(request, self.admin_site))
        return [
            path("ignore/", view, name="kb_miss_ignore"),
            path("phrasing/", phrasing, name="kb_miss_phrasing"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: lookups count misses."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: only searches change the counts."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a text is ignored instead, and that can be undone."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """List the texts of the last 28 days, the most frequent first, or those that are ignored."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            _check(request)
        except WrongParameter as problem:
            messages.error(request, str(problem))
            return HttpResponseRedirect(request.path)
        is_ignored_list = request.GET.get("ignored") == "1"
        query = request.GET.get("q", "").replace("\x00", "").strip()[:MISS_LENGTH]
        texts: Any = (
            IgnoredMiss.objects.select_related("ignored_by").order_by("text")
            if is_ignored_list
            else self._open(request)
        )
        page = Paginator(texts.filter(text__icontains=query) if query else texts, PER_PAGE).get_page(
            request.GET.get("p")
        )
        context = {
            **self.admin_site.each_context(request),
            "title": "Searches without an answer",
            "opts": self.opts,
            "page": page,
            "rows": [] if is_ignored_list else _rows(request, list(page.object_list)),
            "is_ignored_list": is_ignored_list,
            "query": query,
            "days": work_queue.DAYS,
            "may_decide": request.user.has_perm("kb.change_miss"),
        }
        return TemplateResponse(request, "admin/kb/misses.html", context)

    def _open(self, request: HttpRequest) -> Any:
        return Miss.objects.visible_to(request.user).open().by_text(work_queue.since())

    def ignore_view(self, request: HttpRequest) -> HttpResponse:
        """Ignore a text, or stop ignoring it."""
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
                messages.success(request, f"“{text}” is now ignored.")
            else:
                messages.error(request, f"Nobody has searched for “{text[:MISS_LENGTH]}”.")
        except NotAllowed as refusal:
            messages.error(request, str(refusal))
        return HttpResponseRedirect(back)


def _rows(request: HttpRequest, misses: list[Any]) -> list[dict[str, Any]]:
    texts = [miss["text"] for miss in misses]
    phrased_texts = phrased(texts)
    code_texts, ranges = work_queue.known_texts(texts), work_queue.ranges_of(texts, request.user)
    return [
        miss
        | {
            "is_code": miss["text"] in code_texts,
            "is_phrasing": miss["text"] in phrased_texts,
            "ranges": ranges[miss["text"]],
            "actions": miss_actions(request.user, miss["text"], ranges[miss["text"]]),
        }
        for miss in misses
    ]
