"""Strict list addresses: an unknown filter or value is an error that names what is allowed."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, cast

from django.contrib import messages
from django.contrib.admin.exceptions import DisallowedModelAdminToField
from django.contrib.admin.options import TO_FIELD_VAR, IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import IGNORED_PARAMS, ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from kb.admin.forms.choices import is_id
from kb.admin.tags import shorten
from kb.models.visibility import Person

MAX_VALUES = 30
YES_NO = ("True", "False", "1", "0")
MAX_MATCHES = 1_000
"""Maximum number of search results that a list counts and pages through; finding all of them would be slow."""


class WrongParameter(Exception):
    """An address has a parameter or value that the list does not accept; the message says which, for a person."""

    def __init__(self, name: str, problem: str, allowed: Iterable[Any] = ()) -> None:
        values = [str(value) for value in allowed]
        more = f" and {len(values) - MAX_VALUES} more" if len(values) > MAX_VALUES else ""
        hint = f" Allowed: {', '.join(values[:MAX_VALUES])}{more}." if values else ""
        super().__init__(f"“{shorten(name, 60)}” in the address {problem}.{hint} The whole list is shown.")


class StrictList(ChangeList):
    """A list that checks its address before any query: databases raise different errors for the same bad value."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Check the address. Raises WrongParameter."""
        for name, values in request.GET.lists():
            if any("\x00" in text for text in (name, *values)):
                raise WrongParameter(name.replace("\x00", ""), "contains a NUL byte, which is not allowed")
        page = request.GET.get(PAGE_VAR, "1")
        if not is_id(page):
            raise WrongParameter(PAGE_VAR, f"is not a whole number: {shorten(page, 40)}")
        try:
            super().__init__(request, *args, **kwargs)
        except IncorrectLookupParameters as problem:
            raise WrongParameter(PAGE_VAR, f"is not a page of this list: {shorten(page, 40)}") from problem
        except DisallowedModelAdminToField:
            raise WrongParameter(TO_FIELD_VAR, "is not a field that others refer to") from None
        if not 1 <= self.page_num <= self.paginator.num_pages:
            raise WrongParameter(PAGE_VAR, f"is not a page of this list: {page}", [f"1 to {self.paginator.num_pages}"])

    def get_filters(self, request: HttpRequest) -> Any:
        """Return the filters after checking each parameter and value. Raises WrongParameter."""
        self._check_order(request.GET.get(ORDER_VAR, ""))
        checks = {
            name: check
            for list_filter in self.list_filter
            for name, check in _checks(self.model, list_filter, request.user)
        }
        for name, values in self.filter_params.items():
            if name in (*IGNORED_PARAMS, *self.model_admin.extra_parameters):  # type: ignore[attr-defined]
                continue
            if name not in checks:
                raise WrongParameter(name, "is not a filter of this list", [*checks, "q"])
            for value in values:
                checks[name](name, value)
        return super().get_filters(request)

    def get_results(self, request: HttpRequest) -> None:
        """Find the ids of a page's rows first, then load those rows.

        In one query, the database would load and annotate every matching row before it sorts, and PostgreSQL would
        compile the query for longer than it runs.
        """
        super().get_results(request)
        page: Any = self.result_list
        if self.query:
            is_cut = self.multi_page and not (self.show_all and self.can_show_all)
            page = page if is_cut else self.paginator.object_list
        else:
            page = page.values_list("pk", flat=True)
        rows, query = self.root_queryset.filter(pk__in=list(page)), self.queryset.query
        rows.query.select_related, rows.query.order_by = query.select_related, query.order_by
        self.result_list = rows

    def _check_order(self, order: str) -> None:
        for part in order.split(".") if order else ():
            number = part.removeprefix("-")
            if not (is_id(number) and int(number) < len(self.list_display) + 1):
                allowed = [f"1 to {len(self.list_display)}, a minus for descending order, and dots between them"]
                raise WrongParameter(ORDER_VAR, f"is not a column: {shorten(part, 40)}", allowed)


def _checks(model: Any, list_filter: Any, user: Person | None) -> Iterator[tuple[str, Any]]:
    """Yield each parameter name of a filter, and the function that raises WrongParameter for a bad value."""
    if isinstance(list_filter, type):
        yield list_filter.parameter_name, _option_check(list_filter)  # type: ignore[attr-defined]
        return
    path = list_filter[0] if isinstance(list_filter, tuple) else list_filter
    field: Any = get_fields_from_path(model, path)[-1]
    yield f"{path}__isnull", _value_check(YES_NO)
    if field.is_relation:
        yield f"{path}__{field.target_field.name}__exact", _row_check(field.related_model, user)
    elif field.choices:
        yield f"{path}__exact", _value_check(str(value) for value, _ in field.flatchoices)
    elif field.get_internal_type() == "BooleanField":
        yield f"{path}__exact", _value_check(YES_NO)
    else:
        yield path, lambda name, value: None


def _option_check(list_filter: Any) -> Any:
    options = getattr(list_filter, "options", None)
    return _value_check(value for value, *_ in options) if options else lambda name, value: None


def _value_check(allowed: Iterable[str]) -> Any:
    values = list(allowed)

    def check(name: str, value: str) -> None:
        if value not in values:
            raise WrongParameter(name, f"cannot have this value: {shorten(value, 40)}", values)

    return check


def _row_check(model: Any, user: Person | None) -> Any:
    def check(name: str, value: str) -> None:
        rows = model._default_manager.all()
        visible = rows.visible_to(user) if hasattr(rows, "visible_to") else rows
        if not (is_id(value) and visible.filter(pk=value).exists()):
            raise WrongParameter(name, f"is no existing {model._meta.verbose_name}: {shorten(value, 40)}")

    return check


class WithStrictList:
    """A list that explains what is wrong with a bad address, and stays fast on large tables."""

    extra_parameters: ClassVar[tuple[str, ...]] = ()
    """Parameters that the list accepts besides its filters."""

    def get_paginator(self: Any, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> "Paginator[Any]":
        """Return the pages of a list. A search is slow, so it is cut to the first MAX_MATCHES ids."""
        if not request.GET.get(SEARCH_VAR):
            pages: Any = super().get_paginator(request, queryset, *args, **kwargs)  # type: ignore[misc]
            return cast("Paginator[Any]", pages)
        pks = list(queryset.values_list("pk", flat=True)[: MAX_MATCHES + 1])
        pages = super().get_paginator(request, pks[:MAX_MATCHES], *args, **kwargs)  # type: ignore[misc]
        pages.has_more = len(pks) > MAX_MATCHES
        return cast("Paginator[Any]", pages)

    def get_changelist(self: Any, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the strict list class."""
        return StrictList

    def history_view(self: Any, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show the history of a row. Who may view no row at all is told so, whether there is such a row or not."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)  # type: ignore[misc,no-any-return]

    def changelist_view(self: Any, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list; for a bad address, the entire list and a message."""
        try:
            page: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        except WrongParameter as wrong:
            messages.error(request, str(wrong))
            return HttpResponseRedirect(request.path)
        return page
