"""The base of lists and details: strict parameters, stable orders, selectable fields and cache headers."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, ClassVar, cast

from django.db.models import DateTimeField, Model, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed, NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from kb.api.framework.errors import absence
from kb.api.framework.feed_places import FeedPlaceGone
from kb.api.framework.filters import FilterBackend, filter_kinds, internal_filters, name_checks
from kb.api.framework.http_cache import conditional, with_cache_headers
from kb.api.framework.link_headers import links_in
from kb.api.framework.pagination import KeysetPagination, OrderTerm, read_cursor
from kb.api.framework.parameter_values import YES_NO, ValueKind, one_of, some_of
from kb.api.framework.parameters import naming_all, parse_query, query_of
from kb.api.framework.schema import ReadSchema
from kb.api.framework.totals import Facet, totals
from kb.models.visibility import Reader, reader


@extend_schema_field({"type": "string", "format": "uri"})
class Permalink(serializers.Field[Any, Any, str, Any]):
    """The URL of a row's page."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        """Return the absolute URL."""
        return f"{self._site}{value.get_absolute_url()}"

    @cached_property
    def _site(self) -> str:
        return str(self.context["request"].build_absolute_uri("/")).removesuffix("/")


class UtcField(serializers.DateTimeField):
    """A time in UTC, whatever the site's zone is."""

    def enforce_timezone(self, value: datetime) -> datetime:
        """Return the time in UTC."""
        return value.astimezone(UTC)


class QuickSerializer(serializers.ModelSerializer[Any]):
    """A serializer that decides once how to read each field, instead of for every row."""

    serializer_field_mapping = {**serializers.ModelSerializer.serializer_field_mapping, DateTimeField: UtcField}

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the same as REST framework does."""
        return {name: get(instance) for name, get in self._getters}

    @cached_property
    def _getters(self) -> list[tuple[str, Callable[[Any], Any]]]:
        return [(str(field.field_name), self._getter(field)) for field in self._readable_fields]

    def _getter(self, field: Any) -> Callable[[Any], Any]:
        if type(field) in _AS_STORED and len(field.source_attrs) == 1:
            return attrgetter(*field.source_attrs)
        if isinstance(field, serializers.SerializerMethodField):
            return cast(Callable[[Any], Any], getattr(self, str(field.method_name)))

        def get(instance: Any) -> Any:
            value = field.get_attribute(instance)
            return None if value is None else field.to_representation(value)

        return get


_AS_STORED = (serializers.CharField, serializers.IntegerField, serializers.ChoiceField, serializers.SlugField)
"""Fields that return a model's value unchanged."""


class AnswerSerializer(QuickSerializer):
    """A row whose fields the caller may select. Fields for internal readers are null for others."""

    optional_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that not every answer has, whatever the caller selects."""
    internal_fields: ClassVar[tuple[str, ...]] = ()

    def get_fields(self) -> dict[str, Any]:
        """Return the selected fields, in the order of `Meta.fields`."""
        fields = super().get_fields()
        selection = self.context.get("fields")
        return {name: field for name, field in fields.items() if selection is None or name in selection}

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the row, without internal fields for callers who may not read them."""
        row = super().to_representation(instance)
        if self.internal_fields and reader(self.context["request"].user) != Reader.INTERNAL:
            row |= {name: None for name in self.internal_fields if name in row}
        return row


class ReadViewSet(ReadOnlyModelViewSet[Any]):
    """A read-only list and detail."""

    schema = ReadSchema()
    http_method_names = ["get", "head", "options"]
    pagination_class = KeysetPagination
    filter_backends = [FilterBackend]
    filterset_class: Any
    serializer_class: Any
    orders: ClassVar[dict[str, tuple[str, ...]]]
    """Fields by the name of an order; the last is unique, so that no two rows are equal."""

    default_ordering: ClassVar[str]

    borders: ClassVar[dict[str, Any]] = {}
    """Borders of descending orders, by name: rows whose first field is below the border come before the others."""

    facets: ClassVar[dict[str, Facet]] = {}
    """What can be counted by value: a field or an expression."""

    related: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Fields that a row has on request only, by the value of `include` that adds them."""

    related_in_detail: ClassVar[tuple[str, ...]] = ()
    """The fields of these that a detail always has."""

    values: dict[str, Any]
    """The values of the query's parameters."""

    @classmethod
    def ordering_kind(cls) -> ValueKind:
        """Return the orders as a kind of value."""
        return one_of(sign + name for name in cls.orders for sign in ("", "-"))

    @classmethod
    @cache
    def field_kinds(cls) -> dict[str, ValueKind]:
        """Return the parameters that select fields."""
        include = {"include": some_of(cls.related)} if cls.related else {}
        return {"fields": some_of(cls.serializer_class.Meta.fields), **include}

    @classmethod
    @cache
    def total_kinds(cls) -> dict[str, ValueKind]:
        """Return the parameters that request totals of a list."""
        facets = {"facets": some_of(cls.facets)} if cls.facets else {}
        return {"count": YES_NO, **facets}

    @classmethod
    @cache
    def list_kinds(cls, level: Reader) -> dict[str, ValueKind]:
        """Return all parameters of the list that a kind of reader may use."""
        return {
            **filter_kinds(level, cls.filterset_class),
            **KeysetPagination.parameters,
            "ordering": cls.ordering_kind(),
            **cls.field_kinds(),
            **cls.total_kinds(),
        }

    @cached_property
    def fields(self) -> set[str]:
        """The fields that the caller selected, or the default ones, and those that `include` adds."""
        always = self.related_in_detail if self.action == "retrieve" else ()
        optional = {field for fields in self.related.values() for field in fields}.difference(always)
        selection = self.values.get("fields") or [f for f in self.serializer_class.Meta.fields if f not in optional]
        return {*selection, *(field for name in self.values.get("include", ()) for field in self.related[name])}

    def get_serializer_context(self) -> dict[str, Any]:
        """Add the selected fields."""
        return {**super().get_serializer_context(), "fields": self.fields if hasattr(self, "values") else None}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse other methods before anything else: the API is read-only for everyone."""
        if str(request.method).lower() not in self.http_method_names:
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)

    @property
    def ordering(self) -> str:
        """The name of the requested order."""
        return str(self.values.get("ordering", self.default_ordering))

    def order_terms(self) -> list[OrderTerm]:
        """Return the fields of the requested order."""
        model: type[Model] = self.filterset_class._meta.model
        descending = self.ordering.startswith("-")
        return [OrderTerm.for_field(model, name, descending) for name in self.orders[self.ordering.removeprefix("-")]]

    @conditional
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return one page of results, with links to the next and the previous page."""
        query, kinds = query_of(request), self.list_kinds(reader(request.user))
        with naming_all(
            query, kinds, {"cursor": self._check_cursor, **name_checks(self.filterset_class, request.user)}
        ):
            self.values = parse_query(query, kinds, internal_filters(self.filterset_class))
            return _with_links(self.quick_page() or self._page())

    def _page(self) -> Any:
        queryset = self.filter_queryset(self.get_queryset())
        response = self.get_paginated_response(self.render_rows(self.paginate_queryset(queryset) or []))
        facets = {name: self.facets[name] for name in self.values.get("facets", ())}
        return response.data | totals(queryset, facets, self.values.get("count", False))

    def _check_cursor(self, cursor: str, most: int) -> None:
        """Raise BadParameters for a cursor of another order, if the order is known."""
        if hasattr(self, "values"):
            with suppress(FeedPlaceGone):
                read_cursor(cursor, self.ordering, self.order_terms())

    def quick_page(self) -> bytes | None:
        """Return the page as JSON without filters and pagination, if there is a quicker way."""
        return None

    @conditional
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return one object."""
        self.values = parse_query(query_of(request), self.field_kinds())
        try:
            return Response(self.render_rows([self.get_object()])[0])
        except (Http404, NotFound):
            raise NotFound(absence(self.filterset_class._meta.model, self.kwargs[self.lookup_field])) from None

    def render_rows(self, rows: Sequence[Any]) -> Any:
        """Return rows as the answer contains them."""
        return self.get_serializer(rows, many=True).data

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the filtered rows of a list. A detail is identified by its address."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Return the response with headers for caches."""
        return with_cache_headers(request, super().finalize_response(request, response, *args, **kwargs))


def _with_links(page: Any) -> Response:
    """Return the answer with a page of a list, as JSON or as data."""
    links = links_in(page)
    return Response(page, headers={"Link": links} if links else None)
