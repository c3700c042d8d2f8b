"""The base of the views that take a request body: lookups and detection."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.urls import get_script_prefix
from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kb.api.framework.errors import BadParameters, describe
from kb.api.framework.parameter_values import some_of
from kb.api.framework.parameters import parse_query, query_of
from kb.api.framework.request_bodies import JSONBody, as_text
from kb.api.framework.schema import BodySchema


class BodyView(APIView):
    """Answers a POST that stores nothing. Caches store no answer, because the question is not in the address."""

    schema = BodySchema()
    parser_classes: Any = (JSONBody,)
    http_method_names = ["post", "options"]
    max_body: ClassVar[int]
    """The largest body in bytes."""

    body: ClassVar[dict[str, Any]]
    """The JSON schema of a body."""

    answer: ClassVar[Any]
    """The serializer that describes the answer."""

    examples: ClassVar[list[OpenApiExample]]

    included: ClassVar[Sequence[str]]
    """What `include` can add, as a parameter of the address or as a member of the body."""

    def include(self, request: Request, errors: list[dict[str, Any]]) -> set[str]:
        """Return what to add, and add bad values to `errors`."""
        try:
            names = parse_query(query_of(request), {"include": some_of(self.included)}).get("include", [])
        except BadParameters as error:
            errors += error.errors
            names = []
        return {*names, *self._of_body(request.data, errors)}

    def _of_body(self, data: Any, errors: list[dict[str, Any]]) -> list[str]:
        value = data.get("include", []) if isinstance(data, dict) else []
        if not isinstance(value, list):
            errors.append(describe("include", as_text(value), "It is not a list.", self.included, correction=""))
            return []
        if len(value) > len(self.included):
            problem, allowed = f"It has {len(value)} values.", [f"at most {len(self.included)} values"]
            errors.append(describe("include", "", problem, allowed, correction=""))
            return []
        unknown = [(n, name) for n, name in enumerate(value) if name not in self.included]
        problem = "{} is not one of its values."
        errors += [describe(f"include[{n}]", as_text(name), problem, self.included) for n, name in unknown]
        return [name for name in value if name in self.included]

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Return the response with headers that keep it out of caches."""
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        patch_cache_control(final, private=True, no_store=True)
        return final


def site_of(request: Request) -> str:
    """Return the address of the start page, which ends in a slash."""
    return str(request.build_absolute_uri(get_script_prefix()))
