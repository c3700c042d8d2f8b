"""The index has the anchors of vendors' messages: the next step of `migrate` builds it again, with them."""

from django.db import migrations

TABLE = {
    "sqlite": [
        "CREATE TABLE kb_search_message (code_id integer PRIMARY KEY, anchor integer NOT NULL, is_public integer NOT NULL)"
    ],
    "postgresql": [
        "CREATE TABLE kb_search_message (code_id bigint PRIMARY KEY, anchor integer NOT NULL, is_public smallint NOT NULL)"
    ],
}
INDEX = "CREATE INDEX kb_search_message_anchor ON kb_search_message (anchor, is_public)"


def create(apps, schema_editor):
    for statement in (*TABLE[schema_editor.connection.vendor], INDEX):
        schema_editor.execute(statement, params=None)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE kb_search_message")


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0014_context_words"),
    ]

    operations = [
        migrations.RunPython(create, drop),
        # Without its number of documents, `kb.searching.prepare` builds the index again, on either database.
        migrations.RunSQL("DELETE FROM kb_search_word WHERE word = ''", migrations.RunSQL.noop),
    ]
