"""Views that stream files, in the media types that the description names."""

from collections.abc import Sequence
from typing import Any

from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.views import APIView

from kb.api.framework.errors import CONTENT_TYPE

_OF_CLIENTS = (JSONRenderer.media_type, CONTENT_TYPE)
"""What generated clients ask for wherever they go, even if it is the type of the errors alone."""


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
        # The ending of the address decides on the file.
        header = self.request.META.get("HTTP_ACCEPT", "") if self.request is not None else ""
        media_types = dict.fromkeys([*self.media_types(), *(one for one in _OF_CLIENTS if one in header.lower())])
        return [FileRenderer(media_type) for media_type in media_types]
