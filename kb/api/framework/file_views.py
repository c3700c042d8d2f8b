"""Views that stream files, in the media types that the description names."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import StreamingHttpResponse
from django.utils.cache import patch_vary_headers
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from kb.api.framework.errors import CONTENT_TYPE
from kb.api.framework.negotiation import media_ranges

BYTES = "application/octet-stream"
_OF_CLIENTS = (JSONRenderer.media_type, CONTENT_TYPE)
"""What generated clients ask for wherever they go.

openapi-generator sends the first JSON type that an operation declares, errors included. Where the file is no JSON, as
with `export.sqlite`, that is the type of the errors alone, and the client still means the file.
"""


def file_responses(media_types: Iterable[str], description: str = "The file.") -> dict[Any, Any]:
    """Return the responses with a file, by status and media type.

    Plain bytes come first: generated clients take the first type that they know, and read CSV as a text.
    """
    types = [BYTES, *(media_type.partition(";")[0] for media_type in media_types)]
    return {(200, one): OpenApiResponse(OpenApiTypes.BINARY, description) for one in types}


def _is_wanted(media_type: str, header: str) -> bool:
    """Whether an `Accept` header names a type, and does not exclude it."""
    wanted = [one for one in media_ranges(header) if one.quality]
    return any(f"{one.kind}/{one.subtype}" == media_type for one in wanted)


class FileRenderer(BaseRenderer):
    """Stands for a media type of files: the view streams them itself."""

    format = "file"

    def __init__(self, media_type: str) -> None:
        """Store the media type, without parameters."""
        self.media_type = media_type.partition(";")[0]

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> Any:
        """Return the data, which is never any."""
        return data


class FileView(APIView):
    """The base of views that stream files."""

    def media_types(self) -> Sequence[str]:
        """Return the media types of the answer."""
        raise NotImplementedError

    def get_renderers(self) -> list[Any]:
        """Return a renderer for each media type. OPTIONS is answered with JSON."""
        if self.request is not None and self.request.method == "OPTIONS":
            return [JSONRenderer()]
        # The ending of the address decides on the file. Its own type comes first: of equal ones, it is chosen.
        header = self.request.META.get("HTTP_ACCEPT", "") if self.request is not None else ""
        media_types = dict.fromkeys(
            [*self.media_types(), BYTES, *(one for one in _OF_CLIENTS if _is_wanted(one, header))]
        )
        return [FileRenderer(media_type) for media_type in media_types]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the response; a file that was asked for as plain bytes has that type."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(response, StreamingHttpResponse):
            patch_vary_headers(response, ["Accept"])
            if request.accepted_renderer.media_type == BYTES:
                response["Content-Type"] = BYTES
        return response
