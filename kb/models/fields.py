"""The fields of a return code, declared once.

Pages, API, exports, search, imports and histories choose from `CODE_FIELDS`. To add a field, follow the recipe in
docs/developing.md; tests/models/test_fields.py fails until every face shows the field or says why it does not.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Owner(StrEnum):
    """Who decides what a field holds."""

    VENDOR = "vendor"
    SUPPORT = "support"
    CODEBOOK = "codebook"
    """Codebook derives it, or uses it for its own records."""


class Weight(StrEnum):
    """The part of the search index that holds the words of a field: a hit in the head counts most."""

    HEAD = "head"
    NEAR = "near"


@dataclass(frozen=True)
class CodeField:
    """One field of a return code. Whoever may read the code's table may read all of its fields."""

    name: str
    label: str
    owner: Owner
    weight: Weight | None = None
    is_imported: bool = False
    """Whether a column of a vendor's file can fill the field."""
    is_text: bool = False
    """Whether it is a vendor's text that support may edit; `vendor_<name>` holds the vendor's latest text."""
    is_expected: bool = False
    """Whether an empty text is shown to readers as missing from the vendor."""


def _text(name: str, label: str, weight: Weight, is_expected: bool = True) -> CodeField:
    return CodeField(name, label, Owner.VENDOR, weight, is_imported=True, is_text=True, is_expected=is_expected)


CODE_FIELDS = (
    CodeField("code", "Code", Owner.VENDOR, Weight.HEAD, is_imported=True),
    CodeField("section", "Section", Owner.VENDOR, is_imported=True),
    _text("symbol", "Symbol", Weight.HEAD, is_expected=False),
    _text("description", "Description", Weight.HEAD),
    _text("possible_reasons", "Possible reasons", Weight.NEAR),
    _text("suggested_actions", "Suggested actions", Weight.NEAR),
    CodeField("extra", "Other columns", Owner.VENDOR),
    CodeField("position", "Order", Owner.VENDOR),
    CodeField("retired_at", "Retired", Owner.VENDOR),
    CodeField("disposition", "What to do", Owner.SUPPORT),
    CodeField("fixer", "Who can fix it", Owner.SUPPORT),
    CodeField("successor", "Successor", Owner.SUPPORT),
    CodeField("phrasings", "Phrasings", Owner.SUPPORT, Weight.HEAD),
    CodeField("disposition_origin", "Who decided what to do", Owner.CODEBOOK),
    CodeField("fixer_origin", "Who decided who can fix it", Owner.CODEBOOK),
    CodeField("number", "Number", Owner.CODEBOOK),
)
"""The fields in reading order, without keys, search forms, versions and dates."""

LABELS = {field.name: field.label for field in CODE_FIELDS}
VENDOR_TEXTS = tuple(field.name for field in CODE_FIELDS if field.is_text)
"""The vendor's text fields; `vendor_<field>` holds the vendor's latest text."""
READER_MEMBERS = ("has_notes", "has_open_incident")
"""What answers say of a code that depends on who reads it, and when: copies of a code leave it out."""
CODE_MEMBERS = (
    *("id", "table", "section", "code", "number", *VENDOR_TEXTS, "vendor", "extra", "disposition", "fixer"),
    *("retired_at", "successor", *READER_MEMBERS, "version", "created_at", "updated_at", "url"),
)
"""The members of a code in JSON, in their order, wherever a code stands as an object."""
REFERENCE_MEMBERS = ("id", "table", "section", "code", "url")
"""The members of a code in JSON where another object refers to it."""
SUPPORT_FIELDS = tuple(field.name for field in CODE_FIELDS if field.owner == Owner.SUPPORT)


class VendorText(NamedTuple):
    """A text of a code: ours, the vendor's, and whether an empty one shows as "the vendor gives none"."""

    label: str
    ours: str
    theirs: str
    is_expected: bool


def vendor_texts(code: Any) -> list[VendorText]:
    """Return the texts of a code, or of its revision, that a page shows."""
    texts = [
        VendorText(field.label, getattr(code, field.name), getattr(code, f"vendor_{field.name}"), field.is_expected)
        for field in CODE_FIELDS
        if field.is_text
    ]
    return [text for text in texts if text.is_expected or text.ours or text.theirs]


def label_of(name: str) -> str:
    """Return the label of a field, or of `vendor_<field>`."""
    if name.startswith("vendor_"):
        own = LABELS[name.removeprefix("vendor_")]
        return f"Vendor's {own[0].lower()}{own[1:]}"
    return LABELS[name.removesuffix("_id")]
