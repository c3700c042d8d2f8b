"""What lists and details share: strict parameters, stable orders, a choice of fields, careful caching."""

from collections.abc import Callable, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any, ClassVar, cast

from django.db.models import Model, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from kb.api.framework.cache import conditional, kept_apart
from kb.api.framework.pagination import KeysetPagination, OrderTerm
from kb.api.framework.parameter_values import YES, ValueKind, one_of, some_of
from kb.api.framework.parameters import ParameterField, filters_for, read
from kb.api.framework.schema import ReadSchema
from kb.api.framework.totals import Facet, totals
from kb.models.visibility import Reader, reader


@extend_schema_field({"type": "string", "format": "uri"})
class Permalink(serializers.Field):
    """The address of a thing's page."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        """Return the whole address."""
        return f"{self._site}{value.get_absolute_url()}"

    @cached_property
    def _site(self) -> str:
        return self.context["request"].build_absolute_uri("/").removesuffix("/")


class QuickSerializer(serializers.ModelSerializer):
    """A serializer that plans once how each field of a row is read, instead of asking each field for each row."""

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the same as REST framework does."""
        return {name: read(instance) for name, read in self._plan}

    @cached_property
    def _plan(self) -> list[tuple[str, Callable[[Any], Any]]]:
        return [(str(field.field_name), self._reader(field)) for field in self._readable_fields]

    def _reader(self, field: Any) -> Callable[[Any], Any]:
        if type(field) in _AS_STORED and len(field.source_attrs) == 1:
            return attrgetter(*field.source_attrs)
        if isinstance(field, serializers.SerializerMethodField):
            return cast(Callable[[Any], Any], getattr(self, str(field.method_name)))

        def read(instance: Any) -> Any:
            value = field.get_attribute(instance)
            return None if value is None else field.to_representation(value)

        return read


_AS_STORED = (serializers.CharField, serializers.IntegerField, serializers.ChoiceField, serializers.SlugField)
"""Fields that a model's value goes out of as it is."""


class AnswerSerializer(QuickSerializer):
    """An answer of which the caller may choose fields. What only internal readers may see is null for others."""

    is_sparse = True
    internal_fields: ClassVar[tuple[str, ...]] = ()

    def get_fields(self) -> dict[str, Any]:
        """Return the fields that were asked for, in their own order."""
        fields = super().get_fields()
        shown = self.context.get("shown")
        return {name: one for name, one in fields.items() if shown is None or name in shown}

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the answer without internal words for whoever may not read them."""
        answer = super().to_representation(instance)
        if self.internal_fields and reader(self.context["request"].user) != Reader.INTERNAL:
            answer |= {name: None for name in self.internal_fields if name in answer}
        return answer


class ReadViewSet(ReadOnlyModelViewSet):
    """A list and a detail, read only."""

    schema = ReadSchema()
    http_method_names = ["get", "head", "options"]
    pagination_class = KeysetPagination
    filter_backends = [DjangoFilterBackend]
    filterset_class: Any
    serializer_class: Any
    orders: ClassVar[dict[str, tuple[str, ...]]]
    """Fields by the name of an order; the last is unique, so that no two rows tie."""

    default_ordering: ClassVar[str]

    borders: ClassVar[dict[str, Any]] = {}
    """By the name of an order that falls: the value of its first field below which rows come first all the same."""

    facets: ClassVar[dict[str, Facet]] = {}
    """What may be counted by value: a field, or an expression."""

    related: ClassVar[dict[str, tuple[str, ...]]] = {}
    """Members of an answer that are there if they are asked for, by what asks for them."""

    related_in_detail: ClassVar[tuple[str, ...]] = ()
    """Those of them that a single answer has anyway."""

    asked: dict[str, Any]

    @classmethod
    def ordering_kind(cls) -> ValueKind:
        """Return the orders as a kind of value."""
        return one_of(sign + name for name in cls.orders for sign in ("", "-"))

    def fields_kind(self) -> ValueKind:
        """Return the fields of the answer as a kind of value."""
        return some_of(self.serializer_class.Meta.fields)

    def choices(self) -> dict[str, ParameterField]:
        """Return the parameters that choose what an answer has."""
        include = {"include": ParameterField(kind=some_of(self.related))} if self.related else {}
        return {"fields": ParameterField(kind=self.fields_kind()), **include}

    def totals_asked(self) -> dict[str, ParameterField]:
        """Return the parameters that ask for totals of a list."""
        facets = {"facets": ParameterField(kind=some_of(self.facets))} if self.facets else {}
        return {"count": ParameterField(kind=YES), **facets}

    @property
    def shown(self) -> set[str]:
        """The members of an answer that were asked for, or that it has anyway."""
        anyway = self.related_in_detail if self.action == "retrieve" else ()
        hidden = {member for members in self.related.values() for member in members}.difference(anyway)
        asked = self.asked.get("fields") or [f for f in self.serializer_class.Meta.fields if f not in hidden]
        return {*asked, *(member for name in self.asked.get("include", ()) for member in self.related[name])}

    def get_serializer_context(self) -> dict[str, Any]:
        """Add what the answer has."""
        return {**super().get_serializer_context(), "shown": self.shown if hasattr(self, "asked") else None}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse other methods before anything else: that nothing can be written does not depend on who asks."""
        if str(request.method).lower() not in self.http_method_names:
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)

    @property
    def ordering(self) -> str:
        """The name of the order that was asked for."""
        return self.asked.get("ordering", self.default_ordering)

    def order_terms(self) -> list[OrderTerm]:
        """Return the fields of the order that was asked for."""
        model: type[Model] = self.filterset_class._meta.model
        descending = self.ordering.startswith("-")
        return [OrderTerm.of(model, name, descending) for name in self.orders[self.ordering.removeprefix("-")]]

    @conditional
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer one page of a list."""
        known = {
            **filters_for(request.user, self.filterset_class),
            **KeysetPagination.parameters,
            "ordering": ParameterField(kind=self.ordering_kind()),
            **self.choices(),
            **self.totals_asked(),
        }
        self.asked = read(request.query_params, known)
        queryset = self.filter_queryset(self.get_queryset())
        answer = self.get_paginated_response(self.answers(self.paginate_queryset(queryset) or []))
        answer.data |= totals(queryset, self.facets, self.asked.get("facets", ()), self.asked.get("count", False))
        return answer

    @conditional
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer one thing."""
        self.asked = read(request.query_params, self.choices())
        return Response(self.answers([self.get_object()])[0])

    def answers(self, things: Sequence[Any]) -> Any:
        """Return the answers for things that were read."""
        return self.get_serializer(things, many=True).data

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """Filter lists alone: a detail is found by its address."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Keep answers out of shared caches."""
        return kept_apart(request, super().finalize_response(request, response, *args, **kwargs))
