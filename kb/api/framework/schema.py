"""The OpenAPI description beyond what REST framework knows: strict parameters, problems and optional fields."""

from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from kb.api.framework.errors import CONTENT_TYPE, ProblemSerializer
from kb.api.framework.parameter_values import ValueKind

DETAIL_PROBLEMS = {
    400: "A parameter is unknown or has a bad value; `errors` lists each one.",
    401: "This site requires callers to log in.",
    404: "Not found, or the caller may not read it.",
    406: "The API answers with JSON only.",
    429: "The caller is over the rate limit; Retry-After says how many seconds to wait.",
    500: "Something went wrong on the site's side.",
    503: "The database does not answer at the moment; Retry-After says how many seconds to wait.",
}
PROBLEMS = {status: text for status, text in DETAIL_PROBLEMS.items() if status != 404}
BODY_PROBLEMS = {
    **PROBLEMS,
    403: "A session must send its CSRF token in `X-CSRFToken`.",
    413: "The body is too large.",
    415: "The media type of the body is not supported.",
}


def problem_responses(problems: Mapping[int, str]) -> dict[Any, Any]:
    """Return the responses for problems, by status and media type."""
    return {(status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, text) for status, text in problems.items()}


class ProblemSchema(AutoSchema):
    """Describes what all views of the API share."""

    def get_auth(self) -> list[dict[str, Any]]:
        """Return the ways to log in; where the site allows public reading, also none."""
        return [*super().get_auth(), *([{}] if settings.KB_PUBLIC_READ else [])]


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
        """Return the answer and the possible problems."""
        return {200: cast(Any, self.view).answer, **problem_responses(BODY_PROBLEMS)}


class SearchSchema(ProblemSchema):
    """Describes a view whose `described` lists its parameters."""

    def get_tags(self) -> list[str]:
        """Return the heading that it shares with the lookups."""
        return ["look-ups"]

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters."""
        return cast(list[Any], cast(Any, self.view).described)

    def get_response_serializers(self) -> Any:
        """Return the answer and the possible problems."""
        return {200: cast(Any, self.view).answer, **problem_responses(PROBLEMS)}


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
        parameters = [_parameter(name, kind.schema, _DESCRIPTIONS[name]) for name, kind in kinds.items()]
        if view.action == "list":
            default = {**view.ordering_kind().schema, "default": view.default_ordering}
            return [*parameters, _parameter("ordering", default, "Order of the results; a minus sign reverses it.")]
        of_address = {"type": "string"} if view.lookup_field == "slug" else {"type": "integer", "minimum": 0}
        name = view.lookup_field if view.lookup_field == "slug" else "id"
        example = OpenApiExample("one", "zim-server" if name == "slug" else 42)
        about = _DESCRIPTIONS[name]
        return [OpenApiParameter(name, of_address, "path", description=about, examples=[example]), *parameters]

    def get_response_serializers(self) -> Any:
        """Return the answer and the possible problems."""
        view: Any = self.view
        problems = PROBLEMS if view.action == "list" else DETAIL_PROBLEMS
        return {200: cast(Any, self)._get_serializer(), **problem_responses(problems)}

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = cast(Any, super())._map_basic_serializer(serializer, direction)
        # A field that some answers lack is not required. `fields=` takes more away: its description says so.
        if getattr(serializer, "is_sparse", False):
            schema["required"] = [name for name in schema["properties"] if name not in serializer.optional_fields]
        return schema


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
    "slug": "The table's short name, as lists have it.",
    "id": "The id, as lists have it.",
    "fields": (
        "Fields to return, separated by commas. The answer then lacks the others, even those that are `required`: "
        "a generated client that checks answers leaves this parameter out."
    ),
    "include": "What to add, separated by commas; `truncated` names the lists that are longer.",
    "facets": "Count the results by these, separated by commas, after all filters.",
    "count": "Send 1 to count the results.",
}


def _parameter(name: str, schema: Mapping[str, Any], description: str) -> OpenApiParameter:
    first = schema.get("items", schema)["enum"][0]
    # One: each facet counts the whole list.
    examples = [OpenApiExample("one of them", [first] if "items" in schema else first)]
    return OpenApiParameter(name, dict(schema), description=description, explode=False, style="form", examples=examples)
