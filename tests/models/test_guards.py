"""The rules that SQLite keeps by triggers hold after every migration."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction

from kb.models import ReturnCode
from kb.models.sql import rows
from tests import make

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has a constraint"),
]
TRIGGERS = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"


def test_triggers_survive_a_column_for_which_django_builds_the_table_anew():
    code, other = make.code(), make.section(make.table("rtc-server"))
    before = rows(TRIGGERS)
    column = models.TextField(default="", db_default="")
    column.set_attributes_from_name("probe_of_guards")
    with connection.schema_editor() as editor:
        editor.add_field(ReturnCode, column)
    assert rows(TRIGGERS) != before
    call_command("migrate", verbosity=0)
    assert rows(TRIGGERS) == before
    with pytest.raises(IntegrityError, match="another table"), transaction.atomic():
        ReturnCode.objects.filter(pk=code.pk).update(section=other)
    with connection.schema_editor() as editor:
        editor.remove_field(ReturnCode, column)
    call_command("migrate", verbosity=0)
