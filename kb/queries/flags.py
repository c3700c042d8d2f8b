"""Flags of codes and of people."""

from collections import defaultdict
from collections.abc import Iterable

from kb.models import Flag, ReturnCode
from kb.models.flags import FlagQuerySet
from kb.models.visibility import Person


def open_flags(codes: Iterable[ReturnCode], user: Person | None) -> dict[int, list[Flag]]:
    """Return the open flags of codes by the code's id, latest first."""
    flags: dict[int, list[Flag]] = defaultdict(list)
    rows = Flag.objects.visible_to(user).open().filter(code__in=[code.pk for code in codes])
    for flag in rows.select_related("raised_by", "note"):
        flags[flag.code_id].append(flag)
    return flags


def flags_raised_by(user: Person) -> FlagQuerySet:
    """Return the flags that a user raised, with their codes, notes and owners; latest first."""
    raised = Flag.objects.visible_to(user).filter(raised_by=user.pk)
    return raised.select_related("code__table", "code__section", "note", "owner")
