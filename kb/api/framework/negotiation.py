"""Which media type an answer has: the one that `Accept` likes best, by its quality; a quality of 0 excludes it."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

MAX_RANGES = 50
"""Media types of one header that are read."""


class MediaRange(NamedTuple):
    """A part of an `Accept` header."""

    kind: str
    subtype: str
    parameters: str
    quality: float

    def specificity(self, kind: str, subtype: str) -> int:
        """Return how narrowly it matches a media type; 0 if it does not."""
        if (self.kind, self.subtype) == (kind, subtype):
            return 3
        if (self.kind, self.subtype) == (kind, "*"):
            return 2
        return int((self.kind, self.subtype) == ("*", "*"))


class QualityNegotiation(DefaultContentNegotiation):
    """Chooses by quality, which REST framework ignores. Of equal ones, the first that the view has."""

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Return the renderer and the media type. Raises NotAcceptable."""
        ranges = media_ranges(request.META.get("HTTP_ACCEPT") or "*/*")
        choices = [(_match(ranges, renderer.media_type), renderer) for renderer in renderers]
        best, renderer = max(choices, key=lambda choice: choice[0].quality, default=(_NOTHING, None))
        if renderer is None or not best.quality:
            raise NotAcceptable(available_renderers=[renderer for _, renderer in choices])
        # REST framework reads the indentation of JSON from a parameter.
        parameters = best.parameters if best.subtype != "*" else ""
        return renderer, f"{renderer.media_type}{parameters}"


def media_ranges(header: str) -> list[MediaRange]:
    """Return the parts of an `Accept` header; what cannot be read is left out."""
    return [_range(part) for part in header.split(",")[:MAX_RANGES] if "/" in part]


def preferred(header: str, media_types: Iterable[str]) -> str | None:
    """Return the media type that an `Accept` header likes best, of equal ones the first; None if it likes none."""
    ranges = media_ranges(header or "*/*")
    best, media_type = max(
        ((_match(ranges, one).quality, one) for one in media_types), key=lambda choice: choice[0], default=(0.0, None)
    )
    return media_type if best else None


_NOTHING = MediaRange("", "", "", 0.0)


def _range(part: str) -> MediaRange:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    kind, _, subtype = name.lower().partition("/")
    quality, others = 1.0, ""
    for parameter in parameters:
        if parameter.lower().startswith("q="):
            quality = quality_of(parameter[2:])
        elif parameter.lower().startswith("indent="):
            # The only one that is read. REST framework fails with some others, such as `x*=a; x*0=b`.
            others += f"; {parameter}"
    return MediaRange(kind, subtype, others, quality)


def quality_of(text: str) -> float:
    """Return a quality from 0 to 1; what is no number counts as 1."""
    text = text.strip()
    if not text.replace(".", "", 1).isdecimal() or not text.isascii():
        return 1.0
    return min(float(text), 1.0)


def _match(ranges: Iterable[MediaRange], media_type: str) -> MediaRange:
    """Return the narrowest part that matches a media type, or one of quality 0."""
    kind, _, subtype = media_type.partition("/")
    return max(
        (one for one in ranges if one.specificity(kind, subtype)),
        key=lambda one: one.specificity(kind, subtype),
        default=_NOTHING,
    )
