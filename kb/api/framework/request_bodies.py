"""Bodies of requests: bounded before they are read, and as strict as query parameters."""

from collections.abc import Iterable, Mapping
from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.utils import json

from kb.api.framework.errors import BadParameters, describe


class TooLarge(APIException):
    """The body is larger than what is read."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class JSONBody(BaseParser):
    """JSON of at most as many bytes as the view's `max_body` says.

    No JSONParser: REST framework gives that one a body that Django has read, of 2.5 MB at most.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return what the body holds."""
        try:
            return json.loads(_bounded(stream, parser_context).decode())
        except (ValueError, RecursionError) as error:
            why = "nested too deeply" if isinstance(error, RecursionError) else error
            raise ParseError(f"The body is no JSON in UTF-8: {why}.") from None


class TextBody(BaseParser):
    """Plain text in UTF-8, the same as JSON with a member `text`."""

    media_type = "text/plain"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, str]:
        """Return the text. Broken bytes of a log are no reason to refuse the rest of it."""
        return {"text": _bounded(stream, parser_context).decode(errors="replace")}


def members(data: Any, known: Iterable[str]) -> Mapping[str, Any]:
    """Return the members of a JSON object. Raises BadParameters for what is none, or has members without a meaning."""
    names = sorted(known)
    if not isinstance(data, dict):
        raise BadParameters([describe("body", "", "It is no JSON object.", names)])
    unknown = [name for name in data if name not in names]
    if unknown:
        errors = [describe(n, shown(data[n]), "No member of the body has this name.", names, n) for n in unknown[:100]]
        raise BadParameters(errors)
    return data


def shown(value: Any) -> str:
    """Return a value of JSON as an error repeats it: no surrogate, which is no text to an answer."""
    text = value if isinstance(value, str) else repr(value)[:200]
    return text[:200].encode(errors="replace").decode()


def is_text(value: Any) -> bool:
    """Whether a value of JSON is text that a database takes: half a surrogate pair and NUL are not."""
    return isinstance(value, str) and "\x00" not in value and value == value.encode(errors="ignore").decode()


def _bounded(stream: Any, context: Any) -> bytes:
    most = context["view"].max_body
    body = stream.read(most + 1)
    if len(body) > most:
        raise TooLarge(f"The body has more than the {most:,} bytes that are read here.")
    return body
