"""What the views share that are asked with a body: look-ups and detection."""

from typing import Any, ClassVar

from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kb.api.framework.parameters import read
from kb.api.framework.request_bodies import JSONBody
from kb.api.framework.schema import AskSchema


class AskView(APIView):
    """Answers a POST that stores nothing. No answer is kept by a cache: the question is not in the address."""

    schema = AskSchema()
    parser_classes: Any = (JSONBody,)
    http_method_names = ["post", "options"]
    max_body: ClassVar[int]
    """Bytes of a body that are read."""

    body: ClassVar[dict[str, Any]]
    """The JSON schema of a body."""

    answer: ClassVar[Any]
    """The serializer that describes the answer."""

    examples: ClassVar[list[OpenApiExample]]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse parameters in the address: none has a meaning."""
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            read(request.query_params, {})

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Keep answers out of caches."""
        response = super().finalize_response(request, response, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        return response
