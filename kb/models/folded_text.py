"""A column with the folded text of other columns, so that both databases find `eclair` in `Éclair`."""

from typing import TYPE_CHECKING, Any

from django.db import models

from kb.text.accents import fold_case

if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:  # Django's fields take no type arguments at run time.
    _TextField = models.TextField


class FoldedTextField(_TextField):
    """The folded text of some fields of the same row, written with each save. Migrations see a plain text field."""

    def __init__(self, *args: Any, sources: tuple[str, ...] = (), **options: Any) -> None:
        """Take the names of the fields whose text it holds."""
        super().__init__(*args, **options)
        self.sources = sources

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        """Describe Django's own field, because a migration must not import the product."""
        name, _, args, options = super().deconstruct()
        return name, "django.db.models.TextField", args, options

    def pre_save(self, instance: Any, add: bool) -> str:
        """Return the text to store."""
        text = "\n".join(fold_case(getattr(instance, name)) for name in self.sources)
        setattr(instance, self.attname, text)
        return text
