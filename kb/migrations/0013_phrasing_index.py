"""An index of the few codes that have phrasings."""

from django.db import migrations, models

from kb.migrations._online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("kb", "0012_folded_notes"),
    ]

    operations = [
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(fields=["id"], condition=models.Q(("phrasings__gt", "")), name="code_phrased"),
        ),
    ]
