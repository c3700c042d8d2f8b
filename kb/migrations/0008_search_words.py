"""The index has new forms of words and a new order in its documents: the next step of `migrate` builds it again."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0007_code_symbol"),
    ]

    operations = [
        # Without its number of documents, `kb.searching.prepare` builds the index again, on either database.
        migrations.RunSQL("DELETE FROM kb_search_word WHERE word = ''", migrations.RunSQL.noop),
    ]
