"""Readers of bytes or text from anybody. Each returns or refuses with a message; any other exception is a bug."""

import contextlib
from io import BytesIO

from kb.importing.reading.sources import Limits, Unreadable, open_source
from kb.searching import tokenizer
from kb.text.codes import disposition
from kb.text.codes import forms as forms_module
from kb.text.codes.cells import several_codes, tidy
from kb.text.detection.candidates import candidates
from kb.text.safety import markdown, mask, reply
from kb.text.trackers import NotALink, read_address
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
    forms = forms_module.forms(text)
    assert forms_module.identity(forms.identity) == forms.identity
    assert forms_module.canonical(forms.canonical) == forms.canonical
    for reading in forms_module.readings(text):
        assert reading.canonical
    forms_module.bare(text)
    forms_module.one_edit_variants(text)
    forms_module.difference(text, forms.code)


def texts(data: bytes) -> None:
    """Read a text as what support and vendors write."""
    text = data.decode("utf-8", "replace")
    assert wrong_in(markdown.render(text)) == []
    assert len(mask.mask(text)) == len(text)
    several_codes(tidy(text, True))
    disposition.derive_disposition(text)
    reply.problems(text, ["internal.example"])
    tokenizer.words_in(tokenizer.fold(text))
    tokenizer.stems_and_words(text)
    with contextlib.suppress(NotALink):
        read_address(f"https://a.atlassian.net/{text}")


def detector(data: bytes) -> None:
    """Find the codes in a pasted text."""
    text = data.decode("utf-8", "replace")
    for found in candidates(text):
        assert found.written
        assert text[found.start : found.end]


TARGETS = {"importer": importer, "canonicaliser": canonicaliser, "texts": texts, "detector": detector}
