"""List filters that are not plain columns. A value that a filter does not offer is an error."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from kb.admin.forms.choices import is_id
from kb.models import Proposal
from kb.models.fields import VENDOR_TEXTS


class OptionFilter(admin.SimpleListFilter):
    """A filter with fixed options: value in the address, label, and a function that narrows the list."""

    options: tuple[tuple[str, str, Callable[[Any], QuerySet[Any]]], ...]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the options."""
        return [(value, label) for value, label, _narrow in self.options]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen option. Raises IncorrectLookupParameters for an unknown one."""
        if self.value() is None:
            return queryset
        for value, _label, narrow in self.options:
            if value == self.value():
                return narrow(queryset)
        raise IncorrectLookupParameters(f"{self.parameter_name}: {self.value()}")


class ParentFilter(admin.RelatedFieldListFilter):
    """Filters by a parent such as the table: offers every one that this person may read, without a query per row."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        """Return the choices; sections only of the chosen table, if there is one."""
        rows = field.related_model.objects.visible_to(request.user)
        table = request.GET.get("table__id__exact", "")
        if field.name == "section":
            rows = rows.filter(table=table) if is_id(table) else rows.select_related("table")
        return [(row.pk, str(row)) for row in rows]


class VendorFilter(admin.AllValuesFieldListFilter):
    """Filters tables by vendor. A table of one's own may have none."""

    def choices(self, changelist: Any) -> Any:
        """Yield the choices; the empty one has words, because a link without a text cannot be read out."""
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "No vendor"}


_EDITED = Q()
for _name in VENDOR_TEXTS:
    _EDITED |= ~Q(**{_name: F(f"vendor_{_name}")})


class ListingFilter(OptionFilter):
    """Whether the vendor still lists the code."""

    title = "vendor listing"
    parameter_name = "listed"
    options = (
        ("yes", "Listed", lambda codes: codes.current()),
        ("no", "Retired", lambda codes: codes.exclude(retired_at=None)),
    )


class NoteFilter(OptionFilter):
    """Whether the code has a note."""

    title = "note"
    parameter_name = "note"
    options = (
        ("yes", "Has a note", lambda codes: codes.filter(has_notes=True)),
        ("no", "No note", lambda codes: codes.filter(has_notes=False)),
    )


class WordingFilter(OptionFilter):
    """Whether agents read the vendor's words or support's."""

    title = "text"
    parameter_name = "wording"
    options = (
        ("ours", "Edited by support", lambda codes: codes.filter(_EDITED)),
        ("vendor", "Vendor's text", lambda codes: codes.exclude(_EDITED)),
    )


class ReviewFilter(OptionFilter):
    """Notes that need another look."""

    title = "review"
    parameter_name = "check"
    options = (
        ("due", "Review due", lambda notes: notes.due(timezone.localdate())),
        ("proposed", "Change proposed", lambda notes: notes.filter(pk__in=Proposal.objects.open().values("note"))),
        ("asked", "Needs attention", lambda notes: notes.current().exclude(verify_since=None)),
    )
