"""Tables get the words that tell, near a code, that it is theirs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0013_phrasing_index"),
    ]

    operations = [
        migrations.AddField(
            model_name="codetable",
            name="context_words",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="Words near a code that tell that it is of this table: a product, service, host, logger or "
                "SDK. One word or phrase a line, or with commas between them. The table's own names count without it.",
            ),
        ),
    ]
