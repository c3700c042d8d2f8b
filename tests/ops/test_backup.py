"""A copy holds what the database held, is proved, and brings it back."""

import json
import stat
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from kb.models import Change, Door, ReturnCode
from kb.models.changes import last_sequence
from kb.ops.backup import copies, digest
from kb.ops.doctor.checks import DEEP, examine
from kb.services.codes import edit_code
from kb.services.journal import By
from tests.ops.world import lived

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("copies")]


@pytest.fixture
def world():
    return lived()


def held():
    return digest.digests_of(connection, digest.keys())


def edit(world, words):
    code = ReturnCode.objects.get(pk=world.code.pk)
    return edit_code(code, code.version, {"description": words}, By(world.editor, Door.WEB))


def test_a_copy_brings_everything_back(world, tmp_path, capsys):
    file, before = tmp_path / "copy", held()
    call_command("backup", str(file))
    edit(world, "Later words.")
    ReturnCode.objects.filter(pk=world.code.pk).update(description="Forged.")
    assert held() != before
    call_command("restore", str(file), "--yes")
    assert held() == before
    assert [sentences for _, sentences in examine(DEEP) if sentences] == []
    last = Change.objects.order_by("-sequence")[0].sequence
    assert last_sequence() == last
    said = capsys.readouterr().out
    assert f"up to change {last}, verified." in said
    assert "verified.\nCopies elsewhere start over by themselves" in said
    # And life goes on.
    edit(world, "Newer words.")
    assert last_sequence() == last + 1


def test_a_copy_is_readable_by_its_owner_alone_and_described(world, tmp_path):
    file = tmp_path / "copy"
    about = copies.make(file)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (file, tmp_path / "copy.json")} == {0o600}
    beside = json.loads((tmp_path / "copy.json").read_text())
    assert beside["tables"]["kb_returncode"]["rows"] == 4
    assert beside["sequence"] == about.sequence == last_sequence()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "copy.json"]


def test_nothing_is_replaced_without_confirmation(world, tmp_path):
    file = tmp_path / "copy"
    call_command("backup", str(file), "--no-verify")
    first = file.read_bytes()
    with pytest.raises(CommandError, match=r"already exists\. Use --yes"):
        call_command("backup", str(file))
    assert file.read_bytes() == first
    with pytest.raises(CommandError, match=r"already contains users or code tables\. Use --yes"):
        call_command("restore", str(file))
    call_command("backup", str(file), "--no-verify", "--yes")


def test_a_damaged_copy_is_refused_and_changes_nothing(world, tmp_path):
    file = tmp_path / "copy"
    copies.make(file, verify=False)
    before = held()
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(CommandError, match="is damaged"):
        call_command("restore", str(file), "--yes")
    assert held() == before


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        (None, "copy.json is not there"),
        ("{}", "does not describe a backup"),
        ("nonsense", "does not describe a backup"),
    ],
)
def test_a_copy_without_its_description_is_refused(beside, said, tmp_path):
    file = tmp_path / "copy"
    file.write_text("x")
    if beside is not None:
        (tmp_path / "copy.json").write_text(beside)
    with pytest.raises(CommandError, match=said):
        call_command("restore", str(file), "--yes")


def test_a_copy_of_the_other_database_is_refused(tmp_path):
    file = tmp_path / "copy"
    file.write_text("x")
    other = {"made_at": "", "vendor": "other", "sequence": 0, "sha256": "", "tables": {}}
    (tmp_path / "copy.json").write_text(json.dumps(other))
    with pytest.raises(CommandError, match=f"is a copy of other, and this database is {connection.vendor}"):
        call_command("restore", str(file), "--yes")


def test_a_copy_that_differs_is_deleted(world, tmp_path, monkeypatch):
    told = digest.digests_of
    monkeypatch.setattr(copies, "digests_of", lambda database, tables: told(database, tables) | forged(database))

    def forged(database):
        is_source = database.settings_dict["NAME"] == connection.settings_dict["NAME"]
        return {} if is_source else {"kb_change": {"key": "sequence", "rows": 1, "digest": ""}}

    with pytest.raises(CommandError, match=r"kb_change should have .* rows and has 1"):
        call_command("backup", str(tmp_path / "copy"))
    assert list(tmp_path.iterdir()) == []


def test_an_edit_during_a_copy_is_in_it_completely_or_not_at_all(world, tmp_path):
    stop = threading.Event()

    def write():
        try:
            while not stop.is_set():
                edit(world, f"Words at {last_sequence()}.")
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        about = copies.make(tmp_path / "copy")
    finally:
        stop.set()
        writer.join()
    # Proved: the copy holds what one moment held. And that moment was whole:
    assert about.tables["kb_change"]["rows"] == about.sequence
    assert last_sequence() >= about.sequence
    call_command("restore", str(tmp_path / "copy"), "--yes")
    assert [sentences for _, sentences in examine(DEEP) if sentences] == []


def test_a_copy_works_with_a_pool_of_connections(tmp_path):
    """A pool is shared by name: a copy restored aside would be compared with the very database that it is of."""
    options = connection.settings_dict["OPTIONS"] | {"pool": {"max_size": 2}}
    like = connection.copy()
    like.settings_dict = {**like.settings_dict, "OPTIONS": options}
    made = digest.connect(like, NAME="other")
    assert "pool" not in made.settings_dict["OPTIONS"]
    assert made.settings_dict["NAME"] == "other"
    assert like.settings_dict["OPTIONS"]["pool"] == {"max_size": 2}
