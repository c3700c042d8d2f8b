"""Indexes for a million codes, on PostgreSQL: words within stripes of the documents, and parts of words in notes."""

from django.db import migrations
from django.db.models import Max

from kb.searching import notes, postgres
from kb.searching.documents import BUCKET

AT_ONCE = 10_000


def stripe(apps, schema_editor):
    """Name the stripe of each document that is there already, some thousand at a time: nobody waits for long."""
    if schema_editor.connection.vendor != "postgresql":
        return
    for statement in postgres.STRIPES:
        schema_editor.execute(statement, params=None)
    last = apps.get_model("kb", "ReturnCode").objects.aggregate(last=Max("pk"))["last"] or 0
    for first in (bucket * BUCKET + pk for bucket in range(3) for pk in range(0, last + 1, AT_ONCE)):
        for n in (0, 1):
            sql = f"UPDATE kb_search_{n} SET vector = vector WHERE key BETWEEN {first} AND {first + AT_ONCE - 1}"
            schema_editor.execute(sql, params=None)


def add_parts(apps, schema_editor):
    """Index the parts of words for `notes_containing` and the admin's list of notes, where the extension is at hand."""
    connection = schema_editor.connection
    if connection.vendor == "postgresql" and notes.may_have_parts(connection):
        for statement in notes.PARTS:
            schema_editor.execute(statement, params=None)


def drop_parts(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX IF EXISTS kb_note_parts")


class Migration(migrations.Migration):
    # Nobody waits for an index that is made concurrently, which no transaction can do.
    atomic = False
    dependencies = [("kb", "0041_change_reason")]
    operations = [
        migrations.RunPython(stripe, migrations.RunPython.noop, elidable=False),
        migrations.RunPython(add_parts, drop_parts, elidable=False),
    ]
