"""Escape plain text for Markdown, so that it shows as it is."""

import re

# Characters that CommonMark and its common extensions read as markup anywhere in a line.
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|~&!$@^]")
# Plain addresses become links, so the signs that make an address are escaped.
_ADDRESS = re.compile(r":(?=//)|(?<=\S)\.(?=[^\W\d])")
# Lists and underlined headings, which are markup only at the beginning of a line.
_OPENING = re.compile(r"^(?:[-+=](?=[-+=\s]|$)|\d{1,9}(?=[.)](?:\s|$)))")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")


def markdown(text: str) -> str:
    """Return one line of Markdown that shows a text as it is: none of it becomes markup, a link or a picture."""
    line = " ".join(without_controls(text).split())
    line = _ADDRESS.sub(r"\\\g<0>", _MARKUP.sub(r"\\\g<0>", line))
    opening = _OPENING.match(line)
    if opening is None:
        return line
    return f"{opening[0]}\\{line[opening.end() :]}" if opening[0].isdigit() else f"\\{line}"


def quotation(text: str) -> str:
    """Return a Markdown quotation of a text, with its lines."""
    lines = [markdown(line) for line in text.splitlines()]
    # Two spaces at the end keep the line break.
    return "\n".join(f"> {line}  " if line else ">" for line in lines)


def without_controls(text: str) -> str:
    """Return a text without the control characters that XML and Markdown do not allow."""
    return _CONTROL.sub("", text)
