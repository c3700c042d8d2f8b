"""The index finds parts of texts by three characters: the next step of `migrate` builds it again, with them."""

from django.db import migrations

CREATE = {
    "sqlite": [
        "CREATE TABLE kb_search_part (key integer PRIMARY KEY, text text NOT NULL)",
        "CREATE VIRTUAL TABLE kb_search_gram USING fts5"
        "(text, content = 'kb_search_part', content_rowid = 'key', tokenize = 'trigram', detail = none, columnsize = 0)",
    ],
    "postgresql": [
        "CREATE TABLE kb_search_part (key bigint PRIMARY KEY, text text NOT NULL, grams integer[] NOT NULL)",
        "CREATE INDEX kb_search_part_grams ON kb_search_part USING gin (grams)",
    ],
}
DROP = {
    "sqlite": ["DROP TABLE kb_search_gram", "DROP TABLE kb_search_part"],
    "postgresql": ["DROP TABLE kb_search_part"],
}


def create(apps, schema_editor):
    """Create the table of the codes' folded texts, and its index of three characters."""
    for statement in CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    """Drop both."""
    for statement in DROP[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0024_incarnation"),
    ]

    operations = [
        migrations.RunPython(create, drop),
        # Without its number of documents, `kb.searching.prepare` builds the index again, on either database.
        migrations.RunSQL("DELETE FROM kb_search_word WHERE word = ''", migrations.RunSQL.noop),
    ]
