"""What the revisions of an object say, as a person reads it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone


@dataclass(frozen=True)
class RevisionDifference:
    """One field that a revision changed."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class RevisionStep:
    """One revision, with what it changed."""

    revision: Any
    differences: list[RevisionDifference]


def steps(revisions: Sequence[Any], fields: Sequence[str], count: int) -> list[RevisionStep]:
    """Return the first `count` of some revisions, newest first, each with its differences from the one before."""
    if not revisions:
        return []
    history = type(revisions[0])
    linked = {
        field.name: _link_texts(history, field, revisions) for field in getattr(history, "_history_m2m_fields", ())
    }
    texts = [
        {name: linked[name][r.pk] if name in linked else field_text(r, name) for name in fields} for r in revisions
    ]
    nothing: dict[str, str] = dict.fromkeys(fields, "")
    result = []
    for place, revision in enumerate(revisions[:count]):
        before = texts[place + 1] if place + 1 < len(texts) else nothing
        changed = [name for name in fields if texts[place][name] != before[name]]
        result.append(
            RevisionStep(
                revision,
                [
                    RevisionDifference(field_label(history.instance_type, n), before[n], texts[place][n])
                    for n in changed
                ],
            )
        )
    return result


def _link_texts(history: Any, field: Any, revisions: Sequence[Any]) -> dict[int, str]:
    """Return each revision's links as text, in one query."""
    target = field.m2m_reverse_field_name()
    rows = getattr(history, field.name).model.objects.filter(history_id__in=[r.pk for r in revisions])
    found: defaultdict[int, list[str]] = defaultdict(list)
    for row in rows.select_related(target):
        found[row.history_id].append(str(getattr(row, target)))
    return defaultdict(str, {pk: ", ".join(sorted(names)) for pk, names in found.items()})


def field_text(obj: Any, name: str) -> str:
    """Return what an object or a revision of it holds in a field."""
    display = getattr(obj, f"get_{name}_display", None)
    value = display() if display else getattr(obj, name)
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)


def field_label(model: Any, name: str) -> str:
    """Return a field's name as a heading."""
    verbose = str(model._meta.get_field(name).verbose_name)
    return verbose[:1].upper() + verbose[1:]
