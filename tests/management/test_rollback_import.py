"""`manage.py rollback_import` says what it would do, and does it with --yes."""

import pytest
from django.core.management import call_command

from tests import make
from tests.importing.tables import applied

pytestmark = pytest.mark.django_db


@pytest.fixture
def imports():
    table = make.table()
    return [applied(table, ("1", words), ("2", "Two.")) for words in ("One.", "Uno.", "Eins.")]


def words(imports):
    return list(imports[0].table.codes.published().order_by("code").values_list("description", flat=True))


def run(capsys, *options):
    code = 0
    try:
        call_command("rollback_import", *map(str, options))
    except SystemExit as end:
        code = end.code
    out, err = capsys.readouterr()
    return code, out + err


def test_without_yes_nothing_is_written(imports, capsys):
    code, out = run(capsys, imports[1].pk, "--with-later")
    assert (code, words(imports)) == (0, ["Eins.", "Two."])
    assert f"Would roll back, in this order: {imports[2]}, {imports[1]}." in out
    assert "1 code restored to its former state." in out
    assert out.rstrip().endswith("Nothing was rolled back. Add --yes.")
    assert run(capsys, imports[2].pk)[1].rstrip().endswith("Nothing was rolled back. Add --yes.")


def test_a_table_goes_back_to_before_an_import(imports, capsys):
    code, out = run(capsys, imports[1].pk, "--with-later", "--yes")
    assert (code, words(imports)) == (0, ["One.", "Two."])
    assert "Rolled back" in out
    assert "Add --yes" not in out


def test_one_import_is_rolled_back_alone_and_the_later_ones_are_named(imports, capsys):
    code, out = run(capsys, imports[1].pk, "--yes")
    assert (code, words(imports)) == (0, ["Eins.", "Two."])
    assert f"1 stays: it was changed by {imports[2]}; roll that back first." in out
    assert "--with-later" in out


def test_an_import_that_cannot_be_rolled_back_is_refused(imports, capsys):
    run(capsys, imports[2].pk, "--yes")
    code, out = run(capsys, imports[2].pk, "--with-later", "--yes")
    assert (code, "already rolled back" in out) == (1, True)
    assert run(capsys, 0)[0] == 1
