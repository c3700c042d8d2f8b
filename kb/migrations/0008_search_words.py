"""The index has documents of notes, new forms of words and a new order: the next step of `migrate` builds it again."""

from django.db import migrations

TABLE = {
    "sqlite": [
        "CREATE VIRTUAL TABLE kb_search_2 USING fts5"
        "(head, near, body, words UNINDEXED, tokenize = 'ascii', detail = none, columnsize = 0)",
    ],
    "postgresql": [
        "CREATE TABLE kb_search_2 (key bigint PRIMARY KEY, head text NOT NULL, near text NOT NULL,"
        " body text NOT NULL, words text NOT NULL, vector tsvector NOT NULL)",
        "CREATE INDEX kb_search_2_vector ON kb_search_2 USING gin (vector)",
        "CREATE TRIGGER kb_search_2_stripe BEFORE INSERT OR UPDATE ON kb_search_2"
        " FOR EACH ROW EXECUTE FUNCTION kb_search_stripe()",
    ],
}


def create(apps, schema_editor):
    """Create the table of the notes about no code, as those of the codes are."""
    for statement in TABLE[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE kb_search_2")


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0007_code_symbol"),
    ]

    operations = [
        migrations.RunPython(create, drop),
        # Without its number of documents, `kb.searching.prepare` builds the index again, on either database.
        migrations.RunSQL("DELETE FROM kb_search_word WHERE word = ''", migrations.RunSQL.noop),
    ]
