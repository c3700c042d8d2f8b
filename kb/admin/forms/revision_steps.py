"""The revisions of an object as differences for a person."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from kb.models.history import link_tables
from kb.models.visibility import Person, Reader, reader


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


def steps(revisions: Sequence[Any], fields: Sequence[str], count: int, user: Person | None) -> list[RevisionStep]:
    """Return the first `count` revisions, newest first, each with its differences from the one before.

    Codes and ranges that `user` may not read are left out.
    """
    if not revisions:
        return []
    history = type(revisions[0])
    links = link_tables(history.instance_type)
    link_texts = {name: _link_texts(history, name, links[name], revisions, user) for name in links}
    hidden = {name: _hidden(history, name, revisions, user) for name in fields if name not in link_texts}
    texts = [
        {
            name: link_texts[name][r.pk] if name in link_texts else "" if r.pk in hidden[name] else field_text(r, name)
            for name in fields
        }
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


def _hidden(history: Any, name: str, revisions: Sequence[Any], user: Person | None) -> set[int]:
    """Return the revisions whose field `name` refers to a row that `user` may not read."""
    field = history.instance_type._meta.get_field(name)
    if not field.many_to_one or not _is_limited(field, user):
        return set()
    ids = {r.pk: getattr(r, field.attname) for r in revisions}
    visible = set(field.related_model.objects.visible_to(user).filter(pk__in=ids.values()).values_list("pk", flat=True))
    return {pk for pk, target in ids.items() if target not in visible}


def _is_limited(field: Any, user: Person | None) -> bool:
    return hasattr(field.related_model._default_manager.all(), "visible_to") and reader(user) != Reader.INTERNAL


def _link_texts(history: Any, name: str, past: Any, revisions: Sequence[Any], user: Person | None) -> dict[int, str]:
    """Return the links of each revision as text, in one query."""
    field = history.instance_type._meta.get_field(name)
    target = field.m2m_reverse_field_name()
    rows = past.objects.filter(history_id__in=[r.pk for r in revisions])
    if _is_limited(field, user):
        rows = rows.filter(**{f"{target}__in": field.related_model.objects.visible_to(user)})
    texts: defaultdict[int, list[str]] = defaultdict(list)
    for row in rows.select_related(target):
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
