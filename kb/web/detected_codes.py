"""The codes of a pasted text as HTML: a list with each code's meanings, and the text with links to them.

A text of 17 kB may have 200 codes and 400 pieces: see `kb.text.safety.html`.
"""

from collections.abc import Callable, Iterable, Mapping
from html import escape
from urllib.parse import quote

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator

from kb.models import ReturnCode
from kb.queries.code_parts import CodeAnatomy
from kb.queries.detected_tables import Meanings
from kb.queries.detection import TextPiece
from kb.text.detection.judgement import CodeMatch, Role
from kb.text.safety.html import filled

MAX_MEANINGS = 8
_MAX_DESCRIPTION = 220
_ROLES = {
    Role.CAUSE: mark_safe('<span class="tag tag-look">Cause</span>'),
    Role.WRAPPER: mark_safe('<span class="tag">Wraps another code</span>'),
    Role.SUCCESS: mark_safe('<span class="tag tag-no_action">Success</span>'),
    Role.ALONE: mark_safe(""),
}
_FIRST = mark_safe('<span class="tag tag-retry_now">First in the text</span>')
_NOT_SURE = mark_safe('<span class="tag tag-not_validated">Not sure</span>')
_NOTHING = mark_safe("")

Tags = Callable[[ReturnCode], SafeString]


def code_list(
    matches: Iterable[tuple[int, CodeMatch[Meanings]]], code_count: int, anatomies: Mapping[str, CodeAnatomy]
) -> SafeString:
    """Return a list item for each numbered code. `code_count` is the number of codes in the whole text."""
    tags = _tags()
    return _joined(_item(number, match, code_count, tags, anatomies.get(match.written)) for number, match in matches)


def marked_text(pieces: Iterable[TextPiece]) -> SafeString:
    """Return the text, with a link from each place of a code to its item in the list."""
    return _joined(_spot(piece) if piece.mark else escape(piece.text) for piece in pieces)


def _spot(piece: TextPiece) -> SafeString:
    return _html(
        '<a class="spot{}"{} href="#c{}">{}</a>',
        " strange" if piece.unknown else "",
        _html(' id="p{}"', piece.mark) if piece.first else "",
        piece.mark,
        piece.text,
    )


def _item(
    number: int, match: CodeMatch[Meanings], code_count: int, tags: Tags, anatomy: CodeAnatomy | None
) -> SafeString:
    return _html(
        '<li id="c{}"><p class="tags">{}{}{}{}</p>{}{}{}<p class="quiet"><a href="#p{}">{}</a>. {}</p>{}</li>',
        number,
        _ROLES[match.role],
        _html('<span class="tag">Inside {}</span>', match.inside) if match.inside else _NOTHING,
        _FIRST if match.order == 1 and code_count > 1 else _NOTHING,
        _NOTHING if match.is_likely else _NOT_SURE,
        _joined(_meaning(code, tags) for code in match.id[:MAX_MEANINGS]),
        _all_meanings(match) if len(match.id) > MAX_MEANINGS else _NOTHING,
        render_to_string("kb/_parts.html", {"anatomy": anatomy}) if anatomy else _NOTHING,
        number,
        f"{match.count} times, first on {match.place}" if match.count > 1 else match.place.capitalize(),
        match.why,
        _filled(match) if match.filled else _NOTHING,
    )


def _filled(match: CodeMatch[Meanings]) -> SafeString:
    """Return what the text has in the holes of the vendor's message."""
    return _html(
        '<ul class="filled">{}</ul>', _joined(_html("<li>{}: <bdi>{}</bdi></li>", *pair) for pair in match.filled)
    )


def _meaning(code: ReturnCode, tags: Tags) -> SafeString:
    table, section = code.table, code.section
    return _html(
        '<div class="meaning"><a class="row" href="{}"><bdi class="code">{}</bdi> <span class="said" lang="{}">{}{}'
        '</span></a> <span class="meta">{} {}{}</span>{}</div>',
        code.get_absolute_url(),
        code.code,
        table.language,
        _html('<bdi class="symbol">{}</bdi> ', code.symbol) if code.symbol else _NOTHING,
        _shortened(code.description) or "No description",
        table.vendor,
        table.product,
        f" · {section.name}" if section.name else "",
        tags(code),
    )


def _shortened(text: str) -> str:
    return Truncator(text).chars(_MAX_DESCRIPTION) if len(text) > _MAX_DESCRIPTION else text


def _all_meanings(match: CodeMatch[Meanings]) -> SafeString:
    address = f"{reverse('start')}?q={quote(match.written)}"
    return _html('<p><a href="{}">All {} meanings</a></p>', address, len(match.id))


def _tags() -> Tags:
    """Return a function for the tags of a code. It renders each combination of them once."""
    rendered: dict[tuple[bool, str, str], SafeString] = {}

    def tags(code: ReturnCode) -> SafeString:
        key = (code.is_retired, code.disposition, code.fixer)
        if key not in rendered:
            rendered[key] = render_to_string("kb/_code_tags.html", {"code": code})
        return rendered[key]

    return tags


def _html(template: str, *values: object) -> SafeString:
    return mark_safe(filled(template, *values))  # noqa: S308 - the values are escaped


def _joined(parts: Iterable[str]) -> SafeString:
    return mark_safe("".join(parts))  # noqa: S308 - each part is HTML already
