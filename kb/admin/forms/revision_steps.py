"""The revisions of an object as differences for a person."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from kb.models.visibility import Person


@dataclass(frozen=True)
class RevisionDifference:
    """One field that a revision changed."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class RevisionStep:
    """One revision and its differences from the one before."""

    revision: Any
    differences: list[RevisionDifference]


def steps(revisions: Sequence[Any], fields: Sequence[str], count: int, user: Person) -> list[RevisionStep]:
    """Return the first `count` revisions, newest first, each with its differences from the one before.

    Links to rows that the user may not read are left out.
    """
    if not revisions:
        return []
    history = type(revisions[0])
    link_texts = {
        field.name: _link_texts(history, field, revisions, user)
        for field in getattr(history, "_history_m2m_fields", ())
    }
    texts = [
        {name: link_texts[name][r.pk] if name in link_texts else field_text(r, name) for name in fields}
        for r in revisions
    ]
    empty: dict[str, str] = dict.fromkeys(fields, "")
    result = []
    for place, revision in enumerate(revisions[:count]):
        before = texts[place + 1] if place + 1 < len(texts) else empty
        names = [name for name in fields if texts[place][name] != before[name]]
        result.append(
            RevisionStep(
                revision,
                [RevisionDifference(field_label(history.instance_type, n), before[n], texts[place][n]) for n in names],
            )
        )
    return result


def _link_texts(history: Any, field: Any, revisions: Sequence[Any], user: Person) -> dict[int, str]:
    """Return the links of each revision as text, in one query."""
    target = field.m2m_reverse_field_name()
    rows = getattr(history, field.name).model.objects.filter(history_id__in=[r.pk for r in revisions])
    texts: defaultdict[int, list[str]] = defaultdict(list)
    visible = {f"{target}__in": field.related_model.objects.visible_to(user)}
    for row in rows.filter(**visible).select_related(target):
        texts[row.history_id].append(str(getattr(row, target)))
    return defaultdict(str, {pk: ", ".join(sorted(names)) for pk, names in texts.items()})


def field_text(obj: Any, name: str) -> str:
    """Return a field of an object or revision as text."""
    display = getattr(obj, f"get_{name}_display", None)
    value = display() if display else getattr(obj, name)
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)


def field_label(model: Any, name: str) -> str:
    """Return a field's label."""
    verbose = str(model._meta.get_field(name).verbose_name)
    return verbose[:1].upper() + verbose[1:]
