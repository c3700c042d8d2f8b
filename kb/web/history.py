"""The history on a card: what changed and when; for internal readers also who and why."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kb.models import ReturnCode
from kb.models.fields import VENDOR_TEXTS, label_of
from kb.models.sql import marks, objects

MAX_REVISIONS = 200
"""The most revisions that one page reads; the admin shows all."""

MAX_STEPS = 20

_NAMES = (
    *("code", "section_id", *VENDOR_TEXTS, *(f"vendor_{name}" for name in VENDOR_TEXTS), "extra"),
    *("disposition", "fixer", "successor_id"),
)
_WORDS = {*_NAMES} - {"section_id", "successor_id", "extra"}
_Revision: Any = ReturnCode.history.model
_REVISIONS = (
    "SELECT h.*, u.username AS author FROM kb_historicalreturncode AS h"  # noqa: S608
    " LEFT JOIN auth_user AS u ON u.id = h.history_user_id WHERE h.id IN ({})"
    f" ORDER BY h.history_date DESC, h.history_id DESC LIMIT {MAX_REVISIONS}"
)


@dataclass(frozen=True)
class HistoryDifference:
    """One field of one step: its label and, for a field of words, both texts."""

    label: str
    before: str
    after: str
    has_words: bool


@dataclass(frozen=True)
class HistoryStep:
    """One revision with its differences."""

    revision: Any
    title: str
    differences: list[HistoryDifference]


def histories(codes: Sequence[ReturnCode]) -> dict[int, list[HistoryStep]]:
    """Return the steps of each code, the latest first, in one query; in none without codes."""
    ids = [code.pk for code in codes]
    if not ids:
        # PostgreSQL refuses an empty list.
        return {}
    by_code = defaultdict(list)
    for revision in objects(_Revision, _REVISIONS.format(marks(ids)), *ids):
        by_code[revision.id].append(revision)
    return defaultdict(list, {pk: _steps(code_revisions) for pk, code_revisions in by_code.items()})


def _steps(revisions: list[Any]) -> list[HistoryStep]:
    # A code that a roll-back took away and an import brought again is new then: the vendor had never listed it.
    start = next((at for at, revision in enumerate(revisions) if revision.history_type == "+"), len(revisions))
    revisions = revisions[: start + 1]
    pairs = zip(revisions, [*revisions[1:], None], strict=True)
    steps = (_step(newer, older) for newer, older in pairs)
    return [step for step in steps if step][:MAX_STEPS]


def _step(newer: Any, older: Any) -> HistoryStep | None:
    if older is None:
        return HistoryStep(newer, "Added" if newer.history_type == "+" else "Earlier state", [])
    differences = list(_differences(newer, older))
    title = _title(newer, older) if newer.retired_at != older.retired_at else "Changed"
    return HistoryStep(newer, title, differences) if differences or title != "Changed" else None


def _title(newer: Any, older: Any) -> str:
    if older.retired_at is None:
        return "Retired"
    return "Listed again" if newer.retired_at is None else "Retirement date changed"


def _differences(newer: Any, older: Any) -> Iterable[HistoryDifference]:
    for name in _NAMES:
        before, after = getattr(older, name), getattr(newer, name)
        # An import changes the vendor's text and an unedited copy alike: shown once.
        is_vendor_copy = name.startswith("vendor_") and after == getattr(newer, name.removeprefix("vendor_"))
        if before != after and not is_vendor_copy:
            yield HistoryDifference(label_of(name), _text(older, name), _text(newer, name), name in _WORDS)


def _text(revision: Any, name: str) -> str:
    display = getattr(revision, f"get_{name}_display", None)
    return str(display() if display else getattr(revision, name) or "")
