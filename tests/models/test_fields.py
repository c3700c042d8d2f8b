"""Every face shows every field of a return code, or is listed here with the reason why it does not.

A face shows a field if its output differs when only that field differs. A new text needs no change here; for another
new field, add two values to `VALUES`.
"""

import io
import re
import sqlite3
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kb import answers, searching
from kb.admin.forms.revision_steps import steps
from kb.admin.nouns.codes import ReturnCodeAdmin
from kb.api.resources.code_filters import CodeFilters
from kb.exporting.sqlite import write_database
from kb.exporting.tables import export_table
from kb.importing.reading.columns import TARGETS
from kb.models import ReturnCode
from kb.models.fields import CODE_FIELDS, VENDOR_TEXTS
from kb.queries import replication
from kb.queries.changes import change_steps, recent_changes
from kb.searching import documents
from kb.services import journal
from kb.services.journal import By
from kb.web.history import histories
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.wide]

FIELDS = [field.name for field in CODE_FIELDS]
KEYS_AND_STAMPS = {"id", "table", "identity", "canonical", "sort_key", "version", "created_at", "updated_at"}
"""Fields of the model that say nothing about what a code means."""

VALUES = {
    "code": ("0xC0DE01", "0xC0DE02"),
    "section": ("Public", "Private"),
    "extra": ({"Loudness": "high"}, {"Loudness": "low"}),
    "position": (11, 12),
    "retired_at": (datetime(2020, 2, 3, tzinfo=UTC), datetime(2021, 4, 5, tzinfo=UTC)),
    "disposition": ("fix_request", "contact_vendor"),
    "fixer": ("customer", "vendor"),
    "successor": ("701", "702"),
    "disposition_origin": ("staff", "vendor"),
    "fixer_origin": ("staff", "vendor"),
    "number": (12639745, 99),
    "phrasings": ("the room is gone", "nobody is in there"),
}
"""Two values of each field that is not a text."""

_ORDER = "It is the order of the list."
_DERIVED = "The program that reads this derives it from the code."
_DATE = "It says only whether the code is retired."
_BRIEF = "This is a brief answer with a link to the card."
_PHRASINGS = {"phrasings": "They help the search; editors read them in the admin."}
_ORIGIN = dict.fromkeys(("disposition_origin", "fixer_origin"), "It shows the decision; the card says who made it.")
_NO_MEANING = {
    "position": _ORDER,
    "number": "People read the code; the number is for sorting and ranges.",
    **_PHRASINGS,
}
_TABLE_FILE = {
    "position": "The rows are in this order.",
    "number": _DERIVED,
    "successor": "It is a link that a row of a file cannot hold.",
    **_ORIGIN,
    **_PHRASINGS,
}
LEFT_OUT = {
    "card page": _NO_MEANING,
    "as-of page": {
        **_NO_MEANING,
        **_ORIGIN,
        "extra": "The page is about the texts and what to do.",
        "successor": "The page links to the current card, which names it.",
    },
    "Markdown": {
        **_NO_MEANING,
        **_ORIGIN,
        "extra": "A ticket needs what to do, not every column.",
        "retired_at": _DATE,
    },
    "JSON": {"position": _ORDER, **_PHRASINGS},
    "embedded card": {
        **_NO_MEANING,
        **_ORIGIN,
        **{name: _BRIEF for name in VENDOR_TEXTS if name not in ("description", "suggested_actions")},
        "extra": _BRIEF,
        "successor": _BRIEF,
    },
    "API detail": {"position": _ORDER, **_PHRASINGS},
    "API filters": {"extra": "Each table has other columns.", "position": "Use ordering=vendor.", **_PHRASINGS},
    "snapshot": {"position": "No change records it: an import may move every code of a table.", **_PHRASINGS},
    "changes": {
        "retired_at": "The kind of the change says so: retired, restored.",
        "number": "It changes with the code only.",
        "disposition_origin": "It changes with the disposition.",
        "fixer_origin": "It changes with who can fix it.",
    },
    "SQLite": _PHRASINGS,
    "CSV, vendor's words": {
        **_TABLE_FILE,
        "disposition": "It is not the vendor's.",
        "fixer": "It is not the vendor's.",
    },
    "CSV, support's words": _TABLE_FILE,
    "history": {
        **_NO_MEANING,
        "disposition_origin": "It changes with the disposition.",
        "fixer_origin": "It changes with who can fix it.",
    },
    "admin history": {
        "code": "Imports alone write it; the card's history shows it.",
        "section": "Imports alone write it; the card's history shows it.",
        "extra": "Imports alone write it; the card's history shows it.",
        "position": _ORDER,
        "number": "It changes with the code only.",
        "disposition_origin": "It changes with the disposition.",
        "fixer_origin": "It changes with who can fix it.",
    },
    "admin form": {name: _NO_MEANING[name] for name in ("position", "number")},
    "search document": {
        name: "People filter by it; it has no words of its own to search for."
        for name in FIELDS
        if name not in ("code", "phrasings", *VENDOR_TEXTS)
    },
    "import columns": {
        "position": "It is the order of the rows.",
        "retired_at": "A complete file without the code retires it.",
        **dict.fromkeys(("disposition", "disposition_origin"), "Support decides it, or it follows from the text."),
        **dict.fromkeys(("fixer", "fixer_origin"), "Support decides it, or it follows from the text."),
        "successor": "Support decides it.",
        "phrasings": "Support writes them.",
        "number": "It is derived from the code.",
    },
    "MCP lookup_codes": {"position": _ORDER, **_PHRASINGS},
    "shell lookup": {**_NO_MEANING, **_ORIGIN, "extra": _BRIEF, "retired_at": _DATE, "successor": _BRIEF},
    "shell lookup --json": {"position": _ORDER, **_PHRASINGS},
}
"""The fields that a face leaves out, each with its reason."""

CURRENT = ("CSV, vendor's words", "CSV, support's words")
"""Faces that leave retired codes out, which is how they show `retired_at`."""


def account(face, left_out):
    new, shown = left_out - LEFT_OUT[face].keys(), LEFT_OUT[face].keys() - left_out
    assert not new, f"{face}: show {sorted(new)}, or give the reason in LEFT_OUT"
    assert not shown, f"{face}: {sorted(shown)} is shown, so LEFT_OUT must not list it"


def values_of(name: str, which: int) -> dict:
    """The columns that hold a field, with the first or second of its two values."""
    if name in VENDOR_TEXTS:
        return {name: f"{('first', 'second')[which]} {name}", f"vendor_{name}": f"vendor's {which} {name}"}
    value = VALUES[name][which]
    if name == "section":
        return {"section": make.section(make.ReturnCode.objects.first().table, value)}
    if name == "successor":
        return {"successor": ReturnCode.objects.get(code=value)}
    return {name: value}


@pytest.fixture
def code():
    """A retired code with a value in every field."""
    for successor in VALUES["successor"]:
        make.code(successor)
    code = make.code(VALUES["code"][0])
    write(code, {key: value for name in FIELDS for key, value in values_of(name, 0).items()})
    return code


def write(code, values):
    """Store values without a trace: the revision changes, too, as if it had always been so."""
    if "code" in values:
        for key, value in values.items():
            setattr(code, key, value)
        code.save()
        values |= {name: getattr(code, name) for name in ("identity", "canonical", "number", "sort_key")}
        code.history.exclude(pk=code.history.earliest().pk).delete()
    ReturnCode.objects.filter(pk=code.pk).update(**values)
    code.history.update(**values)
    searching.refresh([code.pk])
    answers.refresh([code.pk])


ANONYMOUS = Client()


def page(address, client=ANONYMOUS):
    """The body of a page without what differs each time it is rendered."""
    response = client.get(address)
    assert response.status_code == 200, address
    return re.sub(r'(csrfmiddlewaretoken" value|nonce|content)="[^"]*"', "", response.content.decode())


def card_page(code):
    return page(code.get_absolute_url())


def as_of_page(code):
    return page(f"{code.get_absolute_url()}?at={timezone.localdate()}")


def markdown(code):
    return page(f"{code.get_absolute_url()[:-1]}.md")


def json_(code):
    return page(f"{code.get_absolute_url()[:-1]}.json")


def embedded_card(code):
    return page(reverse("embed-code", args=[code.table.slug, code.code]))


def api_detail(code):
    return page(f"/api/v1/codes/{code.pk}/")


def snapshot(code):
    return [row for noun, row in list(replication.snapshot(None))[1:] if noun == "code" and row.id == code.pk]


def sqlite(code, tmp_path):
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.sqlite"
    write_database(path, None)
    with sqlite3.connect(path) as db:
        return db.execute("SELECT * FROM codes WHERE id = ?", [code.pk]).fetchall()


def csv_of_vendor(code):
    return b"".join(export_table(code.table, "csv", "vendor"))


def csv_of_support(code):
    return b"".join(export_table(code.table, "csv", "support"))


def admin_form(code):
    client = Client()
    client.force_login(make.User.objects.filter(username="root").first() or make.user("root", **ROOT))
    return page(reverse("admin:kb_returncode_change", args=[code.pk]), client)


ROOT = {"is_superuser": True, "is_staff": True}


def search_document(code):
    return documents.build([code.pk])


def mcp(code):
    pytest.importorskip("mcp")
    from kb.mcp.server import call
    from kb.mcp.tools import Caller

    return call("lookup_codes", {"codes": [code.code]}, lambda: Caller(None, str)).structured_content


def shell(code, **options):
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("lookup", code.code, stdout=out, **options)
    return out.getvalue()


def shell_json(code):
    return shell(code, json=True)


STATES = {
    "card page": card_page,
    "as-of page": as_of_page,
    "Markdown": markdown,
    "JSON": json_,
    "embedded card": embedded_card,
    "API detail": api_detail,
    "snapshot": snapshot,
    "SQLite": sqlite,
    "CSV, vendor's words": csv_of_vendor,
    "CSV, support's words": csv_of_support,
    "admin form": admin_form,
    "search document": search_document,
    "MCP lookup_codes": mcp,
    "shell lookup": shell,
    "shell lookup --json": shell_json,
}
"""Faces that show a code as it is."""


@pytest.mark.parametrize("face", STATES)
def test_a_face_shows_every_field_or_says_why_not(face, code, tmp_path):
    def output():
        fresh = ReturnCode.objects.select_related("table", "section").get(pk=code.pk)
        return STATES[face](fresh, tmp_path) if face == "SQLite" else STATES[face](fresh)

    if face in CURRENT:
        write(code, {"retired_at": None})
        code.refresh_from_db()
    before = output()
    assert output() == before, "the same code is rendered in two ways"
    left_out = set()
    for name in FIELDS:
        kept = {key: getattr(code, key) for key in values_of(name, 1)}
        write(code, values_of(name, 1))
        if output() == before:
            left_out.add(name)
        write(code, kept)
        code.refresh_from_db()
    account(face, left_out)


def differences_in_history(code):
    return [step.title + str(step.differences) for step in histories([code])[code.pk]]


def differences_in_admin_history(code):
    revisions = list(code.history.order_by("-history_date", "-history_id"))
    names = (*ReturnCodeAdmin.value_fields, *ReturnCodeAdmin.extra_history_fields)
    return [
        step.differences
        for step in steps(revisions, names, 1, make.User(is_active=True, is_superuser=True))
        if step.differences and len(revisions) > 1
    ]


def differences_in_changes(code):
    return labels_of_last_change()


def labels_of_last_change():
    step = change_steps([recent_changes(None)[0]], None)[0]
    return [*(word.label for word in step.words), *step.other_fields]


EVENTS = {
    "history": differences_in_history,
    "admin history": differences_in_admin_history,
    "changes": differences_in_changes,
}
"""Faces that show what an edit changed."""


@pytest.mark.parametrize("face", EVENTS)
def test_an_edit_of_every_field_is_shown_or_the_face_says_why_not(face, code):
    left_out = set()
    for name in FIELDS:
        before = [] if face == "changes" else EVENTS[face](code)
        with journal.entry(By(None, "shell")) as entry:
            current = entry.lock(ReturnCode, code.pk, ReturnCode.objects.get(pk=code.pk).version)
            entry.update(current, journal.set_fields(current, values_of(name, 1)))
        if EVENTS[face](code) in (before, []):
            left_out.add(name)
    account(face, left_out)


@pytest.mark.parametrize("address", ["/changes/", "/changes/feed/"])
def test_the_page_of_changes_and_its_feed_print_the_labels(address, code):
    values = {key: value for name in FIELDS for key, value in values_of(name, 1).items()}
    with journal.entry(By(None, "shell")) as entry:
        current = entry.lock(ReturnCode, code.pk, code.version)
        entry.update(current, journal.set_fields(current, values))
    body = page(address).replace("&amp;", "&").replace("&#x27;", "'").replace("&#39;", "'")
    labels = labels_of_last_change()
    assert len(labels) > len(VENDOR_TEXTS)
    assert [label for label in labels if label not in body] == []


NAMES = {
    "API filters": {name.partition("__")[0] for name in CodeFilters.base_filters},
    "import columns": set(TARGETS),
}
"""Faces that take fields by name."""


@pytest.mark.parametrize("face", NAMES)
def test_a_face_takes_every_field_by_name_or_says_why_not(face):
    account(face, set(FIELDS) - NAMES[face])


def test_every_face_is_checked_and_every_reason_is_a_sentence():
    assert LEFT_OUT.keys() == STATES.keys() | EVENTS.keys() | NAMES.keys()
    reasons = [reason for fields in LEFT_OUT.values() for reason in fields.values()]
    assert [reason for reason in reasons if not reason.endswith(".") or len(reason) < 15] == []


def test_every_field_of_the_model_is_declared():
    twins = {f"vendor_{name}" for name in VENDOR_TEXTS}
    assert {field.name for field in ReturnCode._meta.concrete_fields} == {*FIELDS, *twins, *KEYS_AND_STAMPS}
