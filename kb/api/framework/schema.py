"""What OpenAPI says of the API beyond what REST framework knows: strict parameters, problems, sparse answers."""

from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from kb.api.framework.errors import CONTENT_TYPE, ProblemSerializer

PROBLEMS = {
    400: "A parameter is unknown, or its value means nothing; `errors` names each.",
    401: "This site shows nothing to callers who are not logged in.",
    404: "There is no such thing, or the caller may not read it.",
    406: "The API speaks JSON alone.",
    429: "The caller took more than its rate; Retry-After says when to come back, in seconds.",
    500: "Something went wrong on the site's side.",
    503: "The database does not answer just now; Retry-After says when to come back, in seconds.",
}


ASK_PROBLEMS = {
    **{status: about for status, about in PROBLEMS.items() if status != 404},
    403: "A session needs its CSRF token in `X-CSRFToken`.",
    413: "The body is larger than what is read.",
    415: "A body of this type is not read.",
}


def problems(met: Mapping[int, str]) -> dict[Any, Any]:
    """Return the problems that a caller may meet, as responses."""
    return {(status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, about) for status, about in met.items()}


class ProblemSchema(AutoSchema):
    """Describes what every view of the API shares."""

    def get_auth(self) -> list[dict[str, Any]]:
        """Return the ways to log in, and none among them where the site may be read without."""
        return [*super().get_auth(), *([{}] if settings.KB_PUBLIC_READ else [])]

    def _get_response_for_code(self, serializer: Any, status_code: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        response = super()._get_response_for_code(serializer, status_code, *args, **kwargs)
        if status_code == "401":
            scheme = {"schema": {"type": "string"}, "description": "How to log in."}
            response["headers"] = {"WWW-Authenticate": scheme}
        return response


class AskSchema(ProblemSchema):
    """Describes the views of `kb.api.framework.body_views`."""

    def get_tags(self) -> list[str]:
        """Return the heading of all of them."""
        return ["look-ups"]

    def get_request_serializer(self) -> Any:
        """Return the schema of a body, whatever its type."""
        view = cast(Any, self.view)
        plain = {"type": "string"}
        return {one.media_type: view.body if "json" in one.media_type else plain for one in view.parser_classes}

    def get_examples(self) -> Any:
        """Return bodies to try."""
        return cast(Any, self.view).examples

    def get_response_serializers(self) -> Any:
        """Return the answer, and the problems that a caller may meet."""
        return {200: cast(Any, self.view).answer, **problems(ASK_PROBLEMS)}


class SearchSchema(ProblemSchema):
    """Describes a view that is asked by parameters alone: `parameters` has them by name."""

    def get_tags(self) -> list[str]:
        """Return the heading that it shares with other look-ups."""
        return ["look-ups"]

    def get_override_parameters(self) -> list[Any]:
        """Return the parameters."""
        return cast(Any, self.view).described

    def get_response_serializers(self) -> Any:
        """Return the answer, and the problems that a caller may meet."""
        met = {status: about for status, about in PROBLEMS.items() if status != 404}
        return {200: cast(Any, self.view).answer, **problems(met)}


class ReadSchema(ProblemSchema):
    """Describes the lists and details of `kb.api.framework.read_views`."""

    def get_tags(self) -> list[str]:
        """Return the heading that lists and details of one noun share."""
        return [self._nouns()]

    def get_summary(self) -> str:
        """Return what the operation does, in a few words."""
        view: Any = self.view
        return f"List {self._nouns()}" if view.action == "list" else f"One of the {self._nouns()}"

    def _nouns(self) -> str:
        view: Any = self.view
        return str(view.queryset.model._meta.verbose_name_plural)

    def get_override_parameters(self) -> list[Any]:
        """Return what chooses the members of an answer, and for a list its order and totals."""
        view: Any = self.view
        asked = view.choices() | (view.totals_asked() if view.action == "list" else {})
        made = [_parameter(name, field.kind.schema, _ABOUT[name]) for name, field in asked.items()]
        made[0].examples = [OpenApiExample("two of them", view.serializer_class.Meta.fields[:2])]
        if view.action == "list":
            default = {**view.ordering_kind().schema, "default": view.default_ordering}
            made.append(_parameter("ordering", default, "Order of the results; a minus sign turns it around."))
        return made

    def get_response_serializers(self) -> Any:
        """Return the answer, and the problems that a caller may meet."""
        view = cast(Any, self.view)
        met = PROBLEMS if view.action != "list" else {s: about for s, about in PROBLEMS.items() if s != 404}
        return {200: self._get_serializer(), **problems(met)}

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema = super()._map_basic_serializer(serializer, direction)
        # With `fields=` any of them may be missing.
        if getattr(serializer, "is_sparse", False):
            schema.pop("required", None)
        return schema


class SessionScheme(OpenApiAuthenticationExtension):
    """Describes the session of the site."""

    target_class = "kb.api.framework.access.Session"
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
        return {"type": "http", "scheme": "bearer", "description": "A token that was made in the admin."}


_ABOUT = {
    "fields": "Fields to answer, separated by commas.",
    "include": "What else to answer, separated by commas; `truncated` names the lists of it that go on.",
    "facets": "Count the results by these, separated by commas, after all filters.",
    "count": "Count the results: 1, or leave it out.",
}


def _parameter(name: str, schema: Mapping[str, Any], description: str) -> OpenApiParameter:
    return OpenApiParameter(name, dict(schema), description=description, explode=False, style="form")
