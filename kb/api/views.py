"""The lists and details of the read API."""

from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.cache import patch_cache_control, patch_vary_headers
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from kb import lookup
from kb.api import filters
from kb.api.errors import CONTENT_TYPE, BadParameters
from kb.api.paging import KeysetPagination
from kb.api.serializers import (
    CodeDetailSerializer,
    CodeSerializer,
    IncidentSerializer,
    NoteSerializer,
    TableSerializer,
)
from kb.models import CodeTable, IncidentLink, ReturnCode, TroubleshootingNote


class ProblemSerializer(serializers.Serializer):
    """What went wrong, as RFC 9457 has it."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = serializers.ListField(child=serializers.DictField(), required=False)


class ReadOnlyViewSet(viewsets.ReadOnlyModelViewSet):
    """A list and a detail: filtered strictly, ordered stably, with a choice of fields."""

    pagination_class = KeysetPagination
    filter_backends: ClassVar = [filters.StrictBackend]
    orders: ClassVar[dict[str, tuple[str, ...]]] = {}
    lookup_value_regex = "[0-9]{1,18}"

    def chosen_order(self, request: Request) -> tuple[str, ...]:
        """Return the fields that the list is ordered by; the first order named is the default."""
        default = next(iter(self.orders))
        asked = request.query_params.get("ordering", default)
        name = asked.removeprefix("-")
        if name not in self.orders:
            allowed = [sign + one for one in self.orders for sign in ("", "-")]
            raise BadParameters.one("ordering", asked, "is not an order of this list", allowed)
        order = self.orders[name]
        return tuple(_reversed(one) for one in order) if asked.startswith("-") else order

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Return the serializer with only the fields that were asked for."""
        made = super().get_serializer(*args, **kwargs)
        asked = self.request.query_params.get("fields") if self.request else None
        if asked is None:
            return made
        target = getattr(made, "child", made)
        allowed, wanted = list(target.fields), [name.strip() for name in asked.split(",")]
        unknown = [name for name in wanted if name not in allowed]
        if unknown:
            raise BadParameters.one("fields", ", ".join(unknown), "is not a field", allowed)
        for name in allowed:
            if name not in wanted:
                target.fields.pop(name)
        return made

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer one thing; of parameters, only `fields` means something."""
        for name in request.query_params:
            if name != "fields":
                raise BadParameters.one(name, name, "is not a parameter here", ["fields"])
        return super().retrieve(request, *args, **kwargs)

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """Filter lists alone: a detail is found by its id."""
        return super().filter_queryset(queryset) if self.action == "list" else queryset

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Keep shared caches from mixing up who may read what."""
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(response, ["Cookie"])
        patch_cache_control(response, private=True, no_cache=True)
        return response


def _reversed(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _fields_parameter(serializer: Any) -> OpenApiParameter:
    return OpenApiParameter(
        "fields",
        {"type": "array", "items": {"type": "string", "enum": list(serializer.Meta.fields)}},
        explode=False,
        description="Fields to answer, separated by commas.",
    )


def _documented(words: str, serializer: Any, orders: dict[str, Any], detail: Any = None) -> Any:
    list_fields, detail_fields = _fields_parameter(serializer), _fields_parameter(detail or serializer)
    ordering = OpenApiParameter("ordering", str, enum=[sign + one for one in orders for sign in ("", "-")])
    size = OpenApiParameter("page_size", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50})
    cursor = OpenApiParameter("cursor", str, description="From the links of a page.")
    errors = {(status, CONTENT_TYPE): ProblemSerializer for status in (400, 401)}
    missing = {(404, CONTENT_TYPE): ProblemSerializer}
    return extend_schema_view(
        list=extend_schema(
            summary=f"List {words}",
            parameters=[list_fields, ordering, size, cursor],
            responses={200: serializer(many=True), **errors},
        ),
        retrieve=extend_schema(
            summary=f"One of the {words}",
            parameters=[detail_fields],
            responses={200: detail or serializer, **missing, **errors},
        ),
    )


TABLE_ORDERS = {"slug": ("slug",), "updated_at": ("updated_at", "id")}
CODE_ORDERS = {
    "vendor": ("table_id", "position", "id"),
    "code": ("sort_key", "id"),
    "updated_at": ("updated_at", "id"),
    "id": ("id",),
}
NOTE_ORDERS = {"id": ("id",), "updated_at": ("updated_at", "id"), "title": ("title", "id")}
INCIDENT_ORDERS = {"id": ("id",), "updated_at": ("updated_at", "id")}


@_documented("code tables", TableSerializer, TABLE_ORDERS)
class TableViewSet(ReadOnlyViewSet):
    """Code tables."""

    serializer_class = TableSerializer
    filterset_class = filters.TableFilters
    orders = TABLE_ORDERS
    queryset = CodeTable.objects.none()

    def get_queryset(self) -> QuerySet[CodeTable]:
        """Return the tables that the caller may read."""
        return CodeTable.objects.visible_to(self.request.user).with_counts()


@_documented("return codes", CodeSerializer, CODE_ORDERS, CodeDetailSerializer)
class CodeViewSet(ReadOnlyViewSet):
    """Return codes."""

    filterset_class = filters.CodeFilters
    orders = CODE_ORDERS
    queryset = ReturnCode.objects.none()

    def get_serializer_class(self) -> type[CodeSerializer]:
        """Return the longer answer for a single code."""
        return CodeSerializer if self.action == "list" else CodeDetailSerializer

    def get_queryset(self) -> QuerySet[ReturnCode]:
        """Return the codes that the caller may read, with what the caller may know of them."""
        user = self.request.user
        notes = TroubleshootingNote.objects.visible_to(user).published()
        incidents = IncidentLink.objects.visible_to(user).open()
        codes = lookup.codes_visible_to(user).annotate(
            has_notes=Exists(notes.filter(_about)), has_open_incident=Exists(incidents.filter(codes=OuterRef("pk")))
        )
        if self.action == "list":
            return codes
        refs = lookup.codes_visible_to(user)
        shown = Prefetch("codes", refs, to_attr="shown_codes")
        return codes.prefetch_related(
            Prefetch("notes", notes.order_by("id").prefetch_related(shown), to_attr="shown_notes"),
            Prefetch("incidents", incidents.order_by("id").prefetch_related(shown), to_attr="shown_incidents"),
        )


# A note on a range is a note on each of its codes.
_about = Q(codes=OuterRef("pk")) | Q(
    ranges__table=OuterRef("table_id"), ranges__first__lte=OuterRef("number"), ranges__last__gte=OuterRef("number")
)


@_documented("troubleshooting notes", NoteSerializer, NOTE_ORDERS)
class NoteViewSet(ReadOnlyViewSet):
    """Troubleshooting notes."""

    serializer_class = NoteSerializer
    filterset_class = filters.NoteFilters
    orders = NOTE_ORDERS
    queryset = TroubleshootingNote.objects.none()

    def get_queryset(self) -> QuerySet[TroubleshootingNote]:
        """Return the notes that the caller may read, with the codes that the caller may read."""
        return _with_codes(TroubleshootingNote.objects.visible_to(self.request.user), self.request)


@_documented("incident links", IncidentSerializer, INCIDENT_ORDERS)
class IncidentViewSet(ReadOnlyViewSet):
    """Links to incidents."""

    serializer_class = IncidentSerializer
    filterset_class = filters.IncidentFilters
    orders = INCIDENT_ORDERS
    queryset = IncidentLink.objects.none()

    def get_queryset(self) -> QuerySet[IncidentLink]:
        """Return the incidents that the caller may read, with the codes that the caller may read."""
        return _with_codes(IncidentLink.objects.visible_to(self.request.user), self.request)


def _with_codes(queryset: Any, request: Request) -> Any:
    codes = lookup.codes_visible_to(request.user).order_by("table_id", "position", "id")
    return queryset.prefetch_related(Prefetch("codes", codes, to_attr="shown_codes"))
