"""What reads bytes or text that anybody may send. Each returns, or refuses in words; all else it raises is a bug."""

import contextlib
from io import BytesIO

from kb.importing.read import Limits, Unreadable, open_source
from kb.searching import words
from kb.text import cell, code, disposition, markdown, mask, reply, tracker
from kb.text.candidate import candidates
from tests.attacks.page import wrong_in

NAMES = ["t.csv", "t.json", "t.ndjson", "t.html", "t.md", "t.xlsx", "pasted table"]
_SMALL = Limits(bytes=1_000_000, rows=50, columns=8, cell=200)


def importer(data: bytes) -> None:
    """Read a table, of the kind that the first byte says."""
    name = NAMES[data[0] % len(NAMES)] if data else NAMES[0]
    with contextlib.suppress(Unreadable):
        for row in open_source(BytesIO(data[1:]), name, limits=_SMALL).rows():
            assert row.code
            "".join([row.code, row.section, *row.texts.values(), *row.extra.values()]).encode()


def canonicaliser(data: bytes) -> None:
    """Read a code in every way; what is read is read the same again."""
    text = data.decode("utf-8", "replace")
    forms = code.forms(text)
    assert code.identity(forms.identity) == forms.identity
    assert code.canonical(forms.canonical) == forms.canonical
    for reading in code.readings(text):
        assert reading.canonical
    code.bare(text)
    code.one_edit_variants(text)
    code.difference(text, forms.code)


def texts(data: bytes) -> None:
    """Read a text as what support and vendors write."""
    text = data.decode("utf-8", "replace")
    assert wrong_in(markdown.render(text)) == []
    assert len(mask.mask(text)) == len(text)
    cell.several_codes(cell.tidy(text, True))
    disposition.derive(text)
    reply.problems(text, ["internal.example"])
    words.written(words.fold(text))
    words.indexed(text)
    with contextlib.suppress(tracker.NotALink):
        tracker.read(f"https://a.atlassian.net/{text}")


def detector(data: bytes) -> None:
    """Find the codes in a pasted text."""
    text = data.decode("utf-8", "replace")
    for found in candidates(text):
        assert found.written
        assert text[found.start : found.end]


TARGETS = {"importer": importer, "canonicaliser": canonicaliser, "texts": texts, "detector": detector}
