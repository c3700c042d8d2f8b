"""The base of the views that take a request body: lookups and detection."""

from typing import Any, ClassVar

from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kb.api.framework.parameters import parse_query
from kb.api.framework.request_bodies import JSONBody
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

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse query parameters: there are none."""
        super().initial(request, *args, **kwargs)
        # The charset is that of the body; Django would read the address with it, too.
        request._request.encoding = "utf-8"
        if request.method == "POST":
            parse_query(request.query_params, {})

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Return the response with headers that keep it out of caches."""
        final: Response = super().finalize_response(request, response, *args, **kwargs)
        patch_cache_control(final, private=True, no_store=True)
        return final
