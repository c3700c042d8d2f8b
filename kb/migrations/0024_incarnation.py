"""The feed's counter names the incarnation of the database. It gets its first one after `migrate`, or with a write."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("kb", "0023_older_tombstones"),
    ]

    operations = [
        migrations.AddField(
            model_name="changecounter",
            name="incarnation",
            field=models.CharField(db_default="", default="", max_length=20),
        ),
        migrations.AddField(
            model_name="changecounter",
            name="origin",
            field=models.CharField(db_default="", default="", max_length=60),
        ),
    ]
