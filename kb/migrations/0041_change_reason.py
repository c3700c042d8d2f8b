"""Why somebody did it, also for what has no revisions: tables, sections and ranges."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kb", "0045_search_code")]
    operations = [
        migrations.AddField(
            model_name="change",
            name="reason",
            field=models.CharField(blank=True, db_default="", default="", help_text="For staff alone.", max_length=100),
        ),
    ]
