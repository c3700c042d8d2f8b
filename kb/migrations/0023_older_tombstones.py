"""Codes that roll-backs took away before there were tombstones get theirs.

Until then such a code stayed, as retired: pages said that the vendor had listed it. Each batch is a transaction of its
own, and looks at its codes again under lock: an import may have brought one back meanwhile. What staff wrote about a
code keeps it.
"""

from datetime import timedelta

from django.db import migrations, transaction
from django.utils import timezone

_BATCH = 400
_ENDING = "\x01"
_BROUGHT_BY_NONE = """
    SELECT c.id FROM kb_returncode AS c WHERE c.table_id = %s AND c.id > %s AND c.retired_at IS NOT NULL
    AND c.id NOT IN (SELECT code_id FROM kb_tombstone)
    AND c.symbol = c.vendor_symbol AND c.description = c.vendor_description
    AND c.possible_reasons = c.vendor_possible_reasons AND c.suggested_actions = c.vendor_suggested_actions
    AND c.id IN (
        SELECT r.return_code_id FROM kb_importrow AS r JOIN kb_tableimport AS i ON i.id = r.table_import_id
        WHERE i.table_id = %s AND i.state = 'rolled_back' AND r.kind = 'new' AND r.resolution <> 'leave_out'
        AND NOT EXISTS (
            SELECT 1 FROM kb_tableimport AS l WHERE l.table_id = i.table_id AND l.state = 'applied'
            AND l.rolls_back_id IS NULL AND l.complete
            AND l.applied_at > i.applied_at AND (i.closed_at IS NULL OR l.applied_at < i.closed_at)
        )
    )
    AND c.id IN (
        SELECT r.return_code_id FROM kb_importrow AS r JOIN kb_tableimport AS i ON i.id = r.table_import_id
        WHERE i.table_id = %s AND i.rolls_back_id IS NOT NULL AND r.kind = 'retired'
    )
    AND c.id NOT IN (
        SELECT r.return_code_id FROM kb_importrow AS r JOIN kb_tableimport AS i ON i.id = r.table_import_id
        WHERE i.table_id = %s AND i.state = 'applied' AND i.rolls_back_id IS NULL AND r.return_code_id IS NOT NULL
        AND r.kind IN ('new', 'changed', 'conflict', 'restored', 'moved') AND r.resolution <> 'leave_out'
    )
    ORDER BY c.id LIMIT %s
"""


def validate(apps, schema_editor):
    """Let PostgreSQL check the kinds of the rows that are there."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE kb_importrow VALIDATE CONSTRAINT import_row_kind_known")


def mark(apps, schema_editor):
    """Make the tombstones, table by table. What is found by words and shown is made again after the migration."""
    tables = apps.get_model("kb", "TableImport").objects.filter(state="rolled_back", table__isnull=False)
    for table in tables.order_by("table").values_list("table", flat=True).distinct():
        last = 0
        while ids := _listed_by_none(schema_editor.connection, table, last):
            last = ids[-1]
            with transaction.atomic(using=schema_editor.connection.alias):
                _mark(apps, ids)


def _listed_by_none(connection, table, after):
    with connection.cursor() as cursor:
        cursor.execute(_BROUGHT_BY_NONE, [table, after, table, table, table, _BATCH])
        return [pk for (pk,) in cursor.fetchall()]


def _mark(apps, ids):
    codes = apps.get_model("kb", "ReturnCode").objects
    revisions = apps.get_model("kb", "HistoricalReturnCode").objects
    tombstone = apps.get_model("kb", "Tombstone")
    retired = codes.select_for_update(of=("self",)).filter(pk__in=ids, retired_at__isnull=False)
    marked = list(retired.select_related("table").order_by("pk"))
    tombstone.objects.bulk_create(tombstone(code=code, identity=code.identity) for code in marked)
    for code in marked:
        identity = f"{code.identity[:230]}{_ENDING}{code.pk}"
        codes.filter(pk=code.pk).update(identity=identity)
        # It is no edit, so the revision of the current version has it, too.
        revisions.filter(id=code.pk, version=code.version).update(identity=identity)
    _tell(apps, marked)


def _tell(apps, codes):
    """Add the changes to the feed, so that copies of the table lose the codes, too."""
    change = apps.get_model("kb", "Change")
    counters = apps.get_model("kb", "ChangeCounter").objects
    counter, _ = counters.select_for_update().get_or_create(id=1)
    now, last = timezone.now(), change.objects.order_by("-sequence").first()
    # See Note [A clock that is set back].
    at = max(now, last.at + timedelta(microseconds=1)) if last and last.at < now + timedelta(days=1) else now
    about = {"kind": "deleted", "noun": "code", "door": "import", "reason": "Only rolled-back imports listed it."}
    change.objects.bulk_create(
        change(sequence=n, at=at, object_id=code.pk, label=code.code, audience=code.table.audience, **about)
        for n, code in enumerate(codes, counter.last + 1)
    )
    counters.filter(id=1).update(last=counter.last + len(codes))


class Migration(migrations.Migration):
    # Each batch commits, so that nobody waits for all of them.
    atomic = False

    dependencies = [
        ("kb", "0022_taken_away"),
    ]

    operations = [
        migrations.RunPython(validate, migrations.RunPython.noop),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
