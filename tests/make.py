"""Plain factories: each makes one thing that is right, with only what the test cares about spelled out."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from kb import answers, searching
from kb.models import Audience, CodeRange, CodeTable, IncidentLink, ReturnCode, Section, TroubleshootingNote
from kb.models.fields import VENDOR_TEXTS
from kb.models.sections import section_slug
from kb.text.codes import forms as text_code
from kb.text.codes.disposition import derive_disposition

User = get_user_model()
PASSWORD = "a-long-enough-password"
STAFF_ROLES = {"editor", "reviewer", "importer"}


def user(name: str = "stranger", role: str = "", **fields: Any) -> Any:
    """A user in a role's group; one without a role has no rights at all."""
    made = User(**{"username": name, "is_staff": role in STAFF_ROLES} | fields)
    # A fast hash: logging in is not what these tests test.
    made.set_password(PASSWORD)
    made.save()
    if role:
        made.groups.add(Group.objects.get(name=role))
    return made


def table(slug: str = "zim-server", **fields: Any) -> CodeTable:
    given = {"vendor": "ZEGOCLOUD", "product": "ZIM", "name": "Return codes", "audience": Audience.PUBLIC} | fields
    return CodeTable.objects.create(slug=slug, **given)


def section(of: CodeTable, name: str = "Public") -> Section:
    if found := of.sections.filter(name=name).order_by().first():
        return found
    taken = set(of.sections.values_list("slug", flat=True))
    return Section.objects.create(table=of, name=name, slug=section_slug(name, taken), position=len(taken))


def code(
    number: str = "660300001", of: CodeTable | None = None, in_section: str = "Public", **fields: Any
) -> ReturnCode:
    """A code as an import would leave it: what we show is what the vendor said, unless `fields` says otherwise."""
    of = of or CodeTable.objects.filter(slug="zim-server").order_by().first() or table()
    given = {"description": "Room does not exist.", "position": of.codes.count()} | fields
    derived = derive_disposition(given.get("suggested_actions", ""))
    vendor = {f"vendor_{name}": given.get(name, "") for name in VENDOR_TEXTS}
    known = {"disposition": derived.disposition, "fixer": derived.fixer}
    made = ReturnCode.objects.create(table=of, section=section(of, in_section), code=number, **vendor | known | given)
    searching.refresh([made.pk])
    answers.refresh([made.pk])
    return made


def codes(numbers: Iterable[str], of: CodeTable, in_section: str = "Public", **fields: Any) -> list[ReturnCode]:
    """Many codes in one go, without a history."""
    names = ("code", "identity", "canonical", "number", "sort_key")
    forms, their_section = [text_code.forms(number) for number in numbers], section(of, in_section)
    rows = [
        ReturnCode(
            **{"table": of, "section": their_section, "description": "Room does not exist.", "position": at}
            | {name: getattr(one, name) for name in names}
            | fields
        )
        for at, one in enumerate(forms, of.codes.count())
    ]
    made = ReturnCode.objects.bulk_create(rows)
    searching.refresh([code.pk for code in made])
    answers.refresh([code.pk for code in made])
    return made


def note(title: str = "Room is gone", *codes: ReturnCode, **fields: Any) -> TroubleshootingNote:
    made = TroubleshootingNote.objects.create(title=title, **{"state": "validated", "audience": "public"} | fields)
    made.codes.set(codes)
    searching.refresh_notes([made.pk])
    answers.refresh(answers.codes_about(made))
    return made


def incident(title: str = "Rooms fail to open", *codes: ReturnCode, **fields: Any) -> IncidentLink:
    n = IncidentLink.objects.count() + 1
    made = IncidentLink.objects.create(
        title=title, **{"url": f"https://status.example.com/{n}", "audience": "public"} | fields
    )
    made.codes.set(codes)
    answers.refresh(answers.codes_about(made))
    return made


def code_range(name: str = "Room", first: int = 660300000, last: int = 660399999, **fields: Any) -> CodeRange:
    of = fields.pop("of", None) or CodeTable.objects.filter(slug="zim-server").order_by().first() or table()
    return CodeRange.objects.create(table=of, name=name, first=first, last=last, **fields)
