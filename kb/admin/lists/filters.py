"""Filters of the lists that are questions of support, not columns. A value that is not offered is an error."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from kb.admin.forms.choices import is_id
from kb.models import Proposal
from kb.models.codes import VENDOR_TEXTS


class OptionFilter(admin.SimpleListFilter):
    """A question with its answers: the value in the address, the label, and what it keeps of a list."""

    answers: tuple[tuple[str, str, Any], ...]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name the answers."""
        return [(value, label) for value, label, _narrow in self.answers]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what answers so."""
        if self.value() is None:
            return queryset
        for value, _label, narrow in self.answers:
            if value == self.value():
                return narrow(queryset)
        raise IncorrectLookupParameters(f"{self.parameter_name}: {self.value()}")


class ParentFilter(admin.RelatedFieldListFilter):
    """What a row belongs to: all that this person may read, without asking every row what it belongs to."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        """Name the choices; sections only of the table that is chosen, where one is."""
        rows = field.related_model.objects.visible_to(request.user)
        table = request.GET.get("table__id__exact", "")
        if field.name == "section":
            rows = rows.filter(table=table) if is_id(table) else rows.select_related("table")
        return [(row.pk, str(row)) for row in rows]


_EDITED = Q()
for _name in VENDOR_TEXTS:
    _EDITED |= ~Q(**{_name: F(f"vendor_{_name}")})


class ListingFilter(OptionFilter):
    """Whether the vendor still lists the code."""

    title = "vendor's list"
    parameter_name = "listed"
    answers = (
        ("yes", "Listed", lambda codes: codes.current()),
        ("no", "Retired", lambda codes: codes.exclude(retired_at=None)),
    )


class NoteFilter(OptionFilter):
    """Whether there is a note about the code."""

    title = "note"
    parameter_name = "note"
    answers = (
        ("yes", "Has a note", lambda codes: codes.filter(has_notes=True)),
        ("no", "No note", lambda codes: codes.filter(has_notes=False)),
    )


class WordingFilter(OptionFilter):
    """Whose words agents read."""

    title = "wording"
    parameter_name = "wording"
    answers = (
        ("ours", "Edited by support", lambda codes: codes.filter(_EDITED)),
        ("vendor", "The vendor's own", lambda codes: codes.exclude(_EDITED)),
    )


class ReviewFilter(OptionFilter):
    """Notes that somebody should look at again."""

    title = "review"
    parameter_name = "check"
    answers = (
        ("due", "Review date has come", lambda notes: notes.due(timezone.localdate())),
        ("proposed", "A change is proposed", lambda notes: notes.filter(pk__in=Proposal.objects.open().values("note"))),
        ("asked", "Something asks for another look", lambda notes: notes.current().exclude(verify_since=None)),
    )
