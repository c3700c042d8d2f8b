"""A template is filled as Django's `format_html` fills it."""

import pytest
from django.utils.html import format_html
from django.utils.safestring import mark_safe

from kb.text.safety.html import filled


@pytest.mark.parametrize(
    "value",
    ["plain", "", "<b>", "a & b", "\"quoted\" and 'quoted'", "{}", "Größe", 7, None, True, mark_safe("<b>bold</b>")],
)
def test_values_are_escaped_unless_they_are_html(value):
    assert filled("<p>{}</p>{}", value, "<end>") == format_html("<p>{}</p>{}", value, "<end>")
