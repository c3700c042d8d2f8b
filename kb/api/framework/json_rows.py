"""JSON by orjson. A body, or the rows of a list, may be JSON already."""

from typing import Any

import orjson
from rest_framework.renderers import JSONRenderer

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def json_of(data: Any) -> bytes:
    """Return data as the API's JSON."""
    return orjson.dumps(data, default=str, option=_OPTIONS)


class RenderedRows(list[bytes]):
    """Rows that are JSON already."""


class Renderer(JSONRenderer):
    """JSON whose `results` may be rendered already."""

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> Any:
        """Return the body."""
        if data is None:
            return b""
        if isinstance(data, bytes):
            data = orjson.Fragment(data)
        elif isinstance(data, dict) and isinstance(data.get("results"), RenderedRows):
            data = {**data, "results": [orjson.Fragment(row) for row in data["results"]]}
        body = json_of(data)
        if self.get_indent(accepted_media_type, renderer_context or {}) is None:
            return body
        return super().render(orjson.loads(body), accepted_media_type, renderer_context)
