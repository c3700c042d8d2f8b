"""Flags of codes and of people."""

from collections import defaultdict
from collections.abc import Iterable

from kb.models import Flag, ReturnCode
from kb.models.flags import FlagQuerySet, FlagState
from kb.models.sql import marks, objects
from kb.models.visibility import Person, Reader, reader

_OPEN_FLAGS = (
    "SELECT f.*, u.username AS author, n.title AS note_title FROM kb_flag AS f"  # noqa: S608
    " LEFT JOIN auth_user AS u ON u.id = f.raised_by_id LEFT JOIN kb_troubleshootingnote AS n ON n.id = f.note_id"
    f" WHERE f.code_id IN ({{}}) AND f.state = '{FlagState.OPEN}' ORDER BY f.raised_at DESC, f.id DESC"
)


def open_flags(codes: Iterable[ReturnCode], user: Person | None) -> dict[int, list[Flag]]:
    """Return the open flags of codes by the code's id, latest first, each with its `author` and `note_title`."""
    flags: dict[int, list[Flag]] = defaultdict(list)
    ids = [code.pk for code in codes]
    if not ids or reader(user) != Reader.INTERNAL:
        return flags
    for flag in objects(Flag, _OPEN_FLAGS.format(marks(ids)), *ids):
        flags[flag.code_id].append(flag)
    return flags


def flags_raised_by(user: Person) -> FlagQuerySet:
    """Return the flags that a user raised, with their codes, notes and owners; latest first."""
    raised = Flag.objects.visible_to(user).filter(raised_by=user.pk)
    return raised.select_related("code__table", "code__section", "note", "owner")
