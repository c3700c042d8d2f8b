"""Link an incident once, however its address is written."""

import django.core.validators
from django.db import migrations, models

from kb.text.trackers import NotALink, read_address


def fill(apps, schema_editor):
    """Of two addresses that mean the same, the older has it; the other is marked, and nothing of it is lost."""
    taken = {}
    for incident in apps.get_model("kb", "IncidentLink").objects.order_by("pk").iterator():
        try:
            canonical = read_address(incident.url).canonical
        except NotALink:
            canonical = incident.url
        first = taken.setdefault(canonical, incident.pk)
        incident.canonical = canonical if first == incident.pk else f"{canonical} (duplicate of {first}: {incident.pk})"
        incident.save(update_fields=["canonical"])


URL = {
    "max_length": 700,
    "validators": [django.core.validators.URLValidator(schemes=["http", "https"])],
    "verbose_name": "URL",
    "help_text": "Paste it from the tracker: Jira, Zendesk, GitHub, GitLab, PagerDuty, Statuspage, or any other.",
}
REFERENCE = {
    "blank": True,
    "help_text": "The tracker's own number, e.g. INC-1042. Left empty, it is read from the URL.",
    "max_length": 80,
}


class Migration(migrations.Migration):
    dependencies = [("kb", "0022_canonical_order")]
    operations = [
        migrations.AddField("incidentlink", "canonical", models.CharField(max_length=2100, null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            "incidentlink", "canonical", models.CharField(editable=False, max_length=2100, unique=True)
        ),
        migrations.AddConstraint(
            "incidentlink",
            models.CheckConstraint(
                name="incident_canonical_given", condition=models.Q(("canonical", ""), _negated=True)
            ),
        ),
        *(
            migrations.AlterField(model, "url", models.URLField(**URL))
            for model in ("incidentlink", "historicalincidentlink")
        ),
        *(
            migrations.AlterField(model, "reference", models.CharField(**REFERENCE))
            for model in ("incidentlink", "historicalincidentlink")
        ),
    ]
