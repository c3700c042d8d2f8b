"""Histories: each edit stores a revision, and with it the door through which the edit came.

This is the only module that uses django-simple-history.
"""

from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from simple_history.models import HistoricalRecords


class Door(models.TextChoices):
    """The face through which an edit came."""

    ADMIN = "admin", "Admin"
    WEB = "web", "Website"
    API = "api", "API"
    IMPORT = "import", "Import"
    SHELL = "shell", "Command line"


current_door: ContextVar[str] = ContextVar("current_door", default=Door.SHELL.value)
"""The door of the running service. The journal sets it, and each revision stores it."""


def door_now() -> str:
    """Return the door of the running service. It is a function because a field's default must be one."""
    return current_door.get()


if TYPE_CHECKING:
    _TextField = models.CharField[str, str]
else:  # Django's fields take no type arguments at run time.
    _TextField = models.CharField


class DoorField(_TextField):
    """A door, by default that of the running service. Migrations see a plain field without a default."""

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        """Describe Django's own field, because a migration must not import the product."""
        name, _, args, options = super().deconstruct()
        options.pop("default", None)
        return name, "django.db.models.CharField", args, options


class Revision(models.Model):
    """Base of the history tables: adds the door to the user, the date and the reason."""

    door = DoorField(max_length=10, choices=Door.choices, default=door_now)

    class Meta:
        abstract = True


class CodeRevision(Revision):
    """Base of the codes' history: adds the import that wrote the revision, if one did."""

    table_import = models.ForeignKey(
        "kb.TableImport", on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )

    class Meta:
        abstract = True


def history_table(base: Any = Revision, **options: Any) -> Any:
    """Return a model's field `history`, with the options of HistoricalRecords such as `m2m_fields`."""
    return HistoricalRecords(bases=[base], **options)


def sign(obj: Any, user: Any, reason: str, at: datetime) -> None:
    """Set who edits an object, why and when: its next save stores a revision with these."""
    obj._history_user, obj._change_reason, obj._history_date = user, reason[:100], at


def link_tables(model: Any) -> dict[str, Any]:
    """Return the models that store the links of revisions, by many-to-many field; {} without such fields."""
    past = model.history.model
    fields = {name for name in (field.name for field in model._meta.many_to_many) if hasattr(past, name)}
    return {name: getattr(past, name).model for name in sorted(fields)}
