"""What lists and details share: strict parameters, stable orders, a choice of fields, careful caching."""

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from kb.api.caching import conditional, kept_apart
from kb.api.paging import KeysetPagination, Term
from kb.api.parameters import Field, filters_for, read
from kb.api.schema import ReadSchema
from kb.api.values import Kind, one_of, some_of
from kb.models.audience import Reader, reader


@extend_schema_field({"type": "string", "format": "uri"})
class Permalink(serializers.Field):
    """The address of a thing's page."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, **kwargs)

    def to_representation(self, value: Any) -> str:
        """Return the whole address."""
        return self.context["request"].build_absolute_uri(value.get_absolute_url())


class AnswerSerializer(serializers.ModelSerializer):
    """An answer of which the caller may choose fields. What only internal readers may see is null for others."""

    is_sparse = True
    internal_fields: ClassVar[tuple[str, ...]] = ()

    def get_fields(self) -> dict[str, Any]:
        """Return the fields that were asked for, in their own order."""
        fields = super().get_fields()
        asked = self.context.get("fields")
        return {name: one for name, one in fields.items() if asked is None or name in asked}

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
    detail_serializer_class: Any = None
    orders: ClassVar[dict[str, tuple[str, ...]]]
    """Fields by the name of an order; the last is unique, so that no two rows tie."""

    default_ordering: ClassVar[str]

    asked: dict[str, Any]

    @classmethod
    def ordering_kind(cls) -> Kind:
        """Return the orders as a kind of value."""
        return one_of(sign + name for name in cls.orders for sign in ("", "-"))

    def fields_kind(self) -> Kind:
        """Return the fields of the answer as a kind of value."""
        return some_of(self.get_serializer_class().Meta.fields)

    def get_serializer_class(self) -> Any:
        """Return the longer answer, if there is one, for a single thing."""
        return (self.action == "retrieve" and self.detail_serializer_class) or self.serializer_class

    def get_serializer_context(self) -> dict[str, Any]:
        """Add the fields that were asked for."""
        return {**super().get_serializer_context(), "fields": getattr(self, "asked", {}).get("fields")}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse other methods before anything else: that nothing can be written does not depend on who asks."""
        if str(request.method).lower() not in self.http_method_names:
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)

    @property
    def ordering(self) -> str:
        """The name of the order that was asked for."""
        return self.asked.get("ordering", self.default_ordering)

    def order_terms(self) -> list[Term]:
        """Return the fields of the order that was asked for."""
        model: type[Model] = self.filterset_class._meta.model
        descending = self.ordering.startswith("-")
        return [Term.of(model, name, descending) for name in self.orders[self.ordering.removeprefix("-")]]

    @conditional
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer one page of a list."""
        known = {
            **filters_for(request.user, self.filterset_class),
            **KeysetPagination.parameters,
            "ordering": Field(kind=self.ordering_kind()),
            "fields": Field(kind=self.fields_kind()),
        }
        self.asked = read(request.query_params, known)
        return super().list(request, *args, **kwargs)

    @conditional
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer one thing."""
        self.asked = read(request.query_params, {"fields": Field(kind=self.fields_kind())})
        return super().retrieve(request, *args, **kwargs)

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """Filter lists alone: a detail is found by its address."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Keep answers out of shared caches."""
        return kept_apart(request, super().finalize_response(request, response, *args, **kwargs))
