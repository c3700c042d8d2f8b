"""The OpenAPI description beyond what REST framework knows: strict parameters, problems and optional fields."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from kb.api.framework.errors import CONTENT_TYPE, ProblemSerializer
from kb.api.framework.parameter_values import ValueKind
from kb.api.framework.problem_types import Where, by_status


class ProblemSchema(AutoSchema):
    """Describes what all views of the API share."""

    def get_operation(self, path: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the description of an operation, with the problems that it may answer with."""
        operation: dict[str, Any] = cast(Any, super()).get_operation(path, *args, **kwargs)
        problem = cast(Any, self).resolve_serializer(ProblemSerializer, "response").ref
        for status, text in by_status(_places(path, operation)).items():
            operation["responses"][str(status)] = {"description": text, "content": {CONTENT_TYPE: {"schema": problem}}}
        return operation

    def get_auth(self) -> list[dict[str, Any]]:
        """Return the ways to log in; where the site allows public reading, also none."""
        return [*super().get_auth(), *([{}] if settings.KB_PUBLIC_READ else [])]

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = cast(Any, super())._map_basic_serializer(serializer, direction)
        # Otherwise a field with a default is not required. `fields=` takes more away: its description says so.
        if hasattr(serializer, "optional_fields"):
            schema["required"] = [name for name in schema["properties"] if name not in serializer.optional_fields]
        return schema


class ClosedSchema(ProblemSchema):
    """Describes views that need a login even where the site allows public reading."""

    def get_auth(self) -> list[dict[str, Any]]:
        """Return the ways to log in."""
        return [way for way in super().get_auth() if way]


def _places(path: str, operation: Mapping[str, Any]) -> set[Where]:
    """Return the sorts that an operation is of."""
    names = {one["name"] for one in operation.get("parameters", [])}
    sorts = {
        Where.BODIES: "requestBody" in operation,
        Where.ROWS: not names.isdisjoint(("id", "slug")) and "{" in path,
        Where.PLACES: not names.isdisjoint(("cursor", "since")),
        Where.TABLE_FILES: names >= {"slug", "ending"},
    }
    return {Where.EVERYWHERE, *(where for where, is_so in sorts.items() if is_so)}


class BodySchema(ProblemSchema):
    """Describes the views of `kb.api.framework.body_views`."""

    def get_tags(self) -> list[str]:
        """Return the heading that all of them share."""
        return ["look-ups"]

    def get_request_serializer(self) -> Any:
        """Return the schema of a body, by media type."""
        view = cast(Any, self.view)
        media_types = [parser.media_type for parser in view.parser_classes]
        return {media: view.body if "json" in media else {"type": "string"} for media in media_types}

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters."""
        included = cast(Any, self.view).included
        about = "What to add to each meaning, separated by commas or repeated. A member of the body does the same."
        example = OpenApiExample("what a ticket needs", [*included[:2]])
        schema = {"type": "array", "items": {"type": "string", "enum": [*included]}, "minItems": 1}
        return [OpenApiParameter("include", schema, explode=False, description=about, examples=[example])]

    def get_examples(self) -> Any:
        """Return example bodies."""
        return cast(Any, self.view).examples

    def get_response_serializers(self) -> Any:
        """Return the answer."""
        return {200: cast(Any, self.view).answer}


class SearchSchema(ProblemSchema):
    """Describes a view whose `described` lists its parameters."""

    def get_tags(self) -> list[str]:
        """Return the heading that it shares with the lookups."""
        return ["look-ups"]

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters."""
        return cast(list[Any], cast(Any, self.view).described)

    def get_response_serializers(self) -> Any:
        """Return the answer."""
        return {200: cast(Any, self.view).answer}


class ReadSchema(ProblemSchema):
    """Describes the lists and details of `kb.api.framework.read_views`."""

    def get_operation_id(self) -> str:
        """Return a name that reads as a function of a client: `list_codes`, `get_code`."""
        (plural,) = self.get_tags()
        return f"list_{plural}" if cast(Any, self.view).action == "list" else f"get_{plural.removesuffix('s')}"

    def get_tags(self) -> list[str]:
        """Return the heading that the list and detail of one noun share: as in their address."""
        return [cast(Any, self).path.split("/")[3]]

    def get_summary(self) -> str:
        """Return a short summary of the operation."""
        view: Any = self.view
        meta = view.queryset.model._meta
        return f"List {self._plural()}" if view.action == "list" else f"Get one {meta.verbose_name}"

    def _plural(self) -> str:
        view: Any = self.view
        return str(view.queryset.model._meta.verbose_name_plural)

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters that select an answer's fields, and for a list its order and totals."""
        view: Any = self.view
        kinds: dict[str, ValueKind] = view.field_kinds() | (view.total_kinds() if view.action == "list" else {})
        parameters = [_parameter(name, kind, _DESCRIPTIONS[name]) for name, kind in kinds.items()]
        if view.action != "list":
            return [*parameters, IN_PATH[view.lookup_field]]
        ordering = view.ordering_kind()
        ordering = replace(ordering, schema={**ordering.schema, "default": view.default_ordering})
        parameters.append(_parameter("ordering", ordering, "Order of the results; a minus sign reverses it."))
        for name, one in view.filterset_class.base_filters.items():
            parameters.append(_filter_parameter(name, one))
        return parameters

    def get_response_serializers(self) -> Any:
        """Return the answer."""
        return {200: cast(Any, self)._get_serializer()}


class SessionScheme(OpenApiAuthenticationExtension):
    """Describes the session of the site."""

    target_class = "kb.api.framework.authentication.Session"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the cookie that carries the session."""
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


class TokenScheme(OpenApiAuthenticationExtension):
    """Describes tokens."""

    target_class = "kb.api.framework.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the header that carries the token."""
        return {"type": "http", "scheme": "bearer", "description": "An API token from the admin."}


_DESCRIPTIONS = {
    "fields": (
        "Fields to return, separated by commas. The answer then lacks the others, even those that are `required`: "
        "a generated client that checks answers leaves this parameter out."
    ),
    "include": "What to add, separated by commas; `truncated` names the lists that are longer.",
    "facets": "Count the results by these, separated by commas, after all filters.",
    "count": "Whether to count the results.",
}


def example(value: Any) -> OpenApiExample:
    """Return an example of a parameter."""
    return OpenApiExample("an example", value)


def _parameter(name: str, kind: ValueKind, description: str) -> OpenApiParameter:
    examples = [example(kind.example)]
    schema = dict(kind.schema)
    return OpenApiParameter(name, schema, description=description, explode=False, style="form", examples=examples)


def _filter_parameter(name: str, one: Any) -> OpenApiParameter:
    """Return the description of a filter, from its declaration."""
    return OpenApiParameter(name, dict(one.kind.schema), description=one.description, examples=[example(one.example)])


IN_PATH = {
    "pk": OpenApiParameter(
        "id",
        {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
        OpenApiParameter.PATH,
        description="Its id, as lists have it.",
        examples=[example(1)],
    ),
    "slug": OpenApiParameter(
        "slug",
        {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
        OpenApiParameter.PATH,
        description="The table's slug, as lists have it.",
        examples=[example("zim-server")],
    ),
}
