"""An index of the symbols of codes, for look-ups of a symbol in any case."""

from django.db import migrations, models
from django.db.models.functions import Upper

from kb.migrations._online import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("kb", "0006_history_indexes"),
    ]

    operations = [
        AddIndexOnline(
            model_name="returncode",
            index=models.Index(Upper("symbol"), condition=models.Q(("symbol__gt", "")), name="code_symbol"),
        ),
    ]
