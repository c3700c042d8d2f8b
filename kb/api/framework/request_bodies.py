"""Request bodies: limited in size, and parsed as strictly as query parameters."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.utils import json

from kb.api.framework.errors import BadParameters, describe
from kb.ops import bodies
from kb.text import charsets

MISSING: Any = object()
"""Stands for a member that a body does not have: null is a value."""

MAX_UNKNOWN = 100
"""Unknown members that an error lists."""


class TooLarge(APIException):
    """The body is larger than the view's limit."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    problem_type = "body_too_large"


class UnknownCharset(APIException):
    """The body is in a character set that is not known."""

    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    default_code = "unknown_charset"
    problem_type = "unsupported_media_type"


class JSONBody(BaseParser):
    """JSON of at most the view's `max_body` bytes.

    Not a JSONParser: REST framework gives those a body that Django has read, of at most 2.5 MB.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the parsed body. Raises ParseError, TooLarge or UnknownCharset."""
        try:
            return json.loads(charsets.decode_json(_read_body(stream, parser_context), _charset(parser_context)))
        except charsets.NotDecoded as error:
            raise UnknownCharset(str(error)) from None
        except UnicodeDecodeError as error:
            raise ParseError(_not_decoded(error)) from None
        except (ValueError, RecursionError) as error:
            why = "nested too deeply" if isinstance(error, RecursionError) else error
            raise ParseError(f"The body is not JSON: {why}.") from None


class TextBody(BaseParser):
    """Plain text, in UTF-8 or with a charset or a byte order mark; the same as JSON with a member `text`."""

    media_type = "text/plain"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> dict[str, str]:
        """Return the text; invalid bytes are replaced, so that the rest of a log is read.

        Raises TooLarge or UnknownCharset.
        """
        try:
            return {"text": charsets.decode_log(_read_body(stream, parser_context), _charset(parser_context))}
        except charsets.NotDecoded as error:
            raise UnknownCharset(str(error)) from None


def members(data: Any, allowed: Iterable[str], errors: list[dict[str, Any]]) -> Mapping[str, Any]:
    """Return the members of a JSON object, and add unknown ones to `errors`. Raises BadParameters for other JSON."""
    names = sorted(allowed)
    if not isinstance(data, dict):
        raise BadParameters([describe("body", "", "It is not a JSON object.", names)])
    unknown = [name for name in data if name not in names]
    problem = "The body has no member with this name."
    errors += [describe(name, as_text(data[name]), problem, names, name) for name in unknown[:MAX_UNKNOWN]]
    return data


def as_text(value: Any) -> str:
    """Return a JSON value as the text of an error, shortened."""
    text = value if isinstance(value, str) else _dumps(value)
    return text[:200]


def _dumps(value: Any) -> str:
    try:
        # An infinite number, such as 1e999, is no JSON, but may be what was sent.
        return json.dumps(value, ensure_ascii=False, allow_nan=True)
    except (ValueError, RecursionError):
        return ""


def is_text(value: Any) -> bool:
    """Whether a JSON value is text that a database accepts: without NUL and lone surrogates."""
    return isinstance(value, str) and "\x00" not in value and value == value.encode(errors="ignore").decode()


def _not_decoded(error: UnicodeDecodeError) -> str:
    """Return the sentence that tells where a body is not in its character set, and what to send."""
    name, place = error.encoding.upper().replace("_", "-"), error.start + 1
    return (
        f"The body is not in {name}: its byte {place} (0x{error.object[error.start]:02X}) is no part of a character."
        " Send UTF-8, or name the character set in Content-Type: application/json; charset=…"
    )


def _charset(context: Any) -> str:
    return bodies.charset_in(context["request"].META)


def _read_body(stream: Any, context: Any) -> bytes:
    limit = context["view"].max_body
    body = cast(bytes, stream.read(limit + 1))
    if len(body) > limit:
        raise TooLarge(f"The body is larger than {limit:,} bytes.")
    return body
