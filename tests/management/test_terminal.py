"""Texts on a terminal: wrapped, and without what a terminal would obey."""

import io

import pytest

from kb.management import terminal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb", "a b"),
        ("a\r\nb\nc", "a\nb\nc"),
        ("a\rb", "ab"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        *[
            (f"a{chr(n)}b", "ab")
            for n in (0, 8, 0x0B, 0x1F, 0x7F, 0x9F, 0x2028, 0x202E, 0x2066, 0x2069, 0xD800, 0xDFFF)
        ],
        *[(f"a{chr(n)}b", f"a{chr(n)}b") for n in (0x0A, 0x20, 0x7E, 0xA0, 0x2027, 0x202F, 0x2065, 0x206A, 0xE000)],
    ],
)
def test_control_characters_are_left_out(text, shown):
    assert terminal.safe(text) == shown


@pytest.mark.parametrize(
    ("text", "by", "shown"),
    [
        ("one", "  ", "  one"),
        (" one\n\ntwo \n", "    ", "    one\n\n    two"),
        ("x" * 98, "  ", "  " + "x" * 98),
        ("x" * 90 + " " + "y" * 8, "  ", "  " + "x" * 90 + "\n  " + "y" * 8),
        ("x" * 90 + " " + "y" * 7, "  ", "  " + "x" * 90 + " " + "y" * 7),
        ("", "  ", ""),
    ],
)
def test_text_is_wrapped_and_indented(text, by, shown):
    assert terminal.indent(text, by) == shown


@pytest.mark.parametrize(
    ("is_terminal", "no_color", "term", "is_bold"),
    [
        (True, "", "xterm", True),
        (True, "1", "xterm", False),
        (True, "", "dumb", False),
        (False, "", "xterm", False),
        (None, "", "xterm", False),
    ],
)
def test_only_terminals_get_bold_text(is_terminal, no_color, term, is_bold, monkeypatch):
    out = io.StringIO() if is_terminal is not None else object()
    if is_terminal is not None:
        out.isatty = lambda: is_terminal
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", term)
    assert terminal.bold("66\x1b0", out) == ("\x1b[1m660\x1b[0m" if is_bold else "660")


def test_the_shell_reads_as_the_public_only_when_asked():
    assert terminal.reader_for(public=True) is None
    assert terminal.reader_for(public=False).is_superuser
