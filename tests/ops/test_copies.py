"""Each condition of a copy and of its restore, and what the tools of PostgreSQL get."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from kb.models import CodeTable
from kb.ops.backup import copies, digest, postgres
from kb.ops.backup.errors import CopyRefused, WouldReplace
from tests import make


@pytest.mark.django_db
def test_a_database_is_in_use_with_a_user_or_a_table():
    assert not copies.is_in_use()
    user = make.user()
    assert copies.is_in_use()
    user.delete()
    table = make.table()
    assert copies.is_in_use()
    table.delete()
    assert not copies.is_in_use()


def rows(count, words="same"):
    return {"key": "id", "rows": count, "digest": words}


@pytest.mark.parametrize(
    ("actual", "sentences"),
    [
        ({"a": rows(2), "b": rows(1)}, []),
        ({"a": rows(2, "other"), "b": rows(1)}, ["a has rows that differ from the copy."]),
        (
            {"a": rows(3), "b": rows(1, "other")},
            ["a should have 2 rows and has 3.", "b has rows that differ from the copy."],
        ),
        # A table of a later release is not in the copy.
        ({"a": rows(2), "b": rows(1), "c": rows(9)}, []),
    ],
)
def test_differences_of_a_copy_are_named_by_table(actual, sentences):
    assert digest.differences({"a": rows(2), "b": rows(1)}, actual) == sentences
    if not sentences:
        copies._refuse_differences({"a": rows(2), "b": rows(1)}, actual)
        return
    with pytest.raises(CopyRefused, match="does not match the database"):
        copies._refuse_differences({"a": rows(2), "b": rows(1)}, actual)


@pytest.mark.django_db
def test_a_digest_depends_on_every_value_of_every_row(monkeypatch):
    monkeypatch.setattr(digest, "_PAGE", 2)
    for slug in "abc":
        make.table(slug)

    def of():
        return digest.digests_of(connection, {"kb_codetable": "id"})["kb_codetable"]

    first = of()
    assert (first["key"], first["rows"], of()) == ("id", 3, first)
    CodeTable.objects.filter(slug="c").update(name="Other")
    assert (of()["rows"], of()["digest"] != first["digest"]) == (3, True)
    CodeTable.objects.filter(slug="c").delete()
    assert of()["rows"] == 2
    assert set(digest.keys()) >= {"kb_codetable", "kb_troubleshootingnote_codes", "django_migrations", "auth_user"}


def test_a_folder_that_is_missing_is_named(tmp_path):
    path = tmp_path / "nowhere" / "copy"
    with pytest.raises(CopyRefused, match=r"nowhere/copy\.part: No such file or directory\."):
        copies.make(path)


def test_an_existing_file_is_replaced_only_if_asked(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(copies, "_make", lambda path, verify: asked.append(verify))
    (tmp_path / "copy").write_text("x")
    with pytest.raises(WouldReplace):
        copies.make(tmp_path / "copy")
    copies.make(tmp_path / "copy", replace=True)
    copies.make(tmp_path / "other", verify=False)
    assert asked == [True, False]


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("copies")
def test_a_restored_database_is_compared_with_the_description_of_its_copy(tmp_path, monkeypatch):
    make.table()
    verified = []
    monkeypatch.setattr(copies, "_verify", lambda part, tables, sequence: verified.append(part.name))
    copies.make(tmp_path / "copy", verify=False)
    assert verified == []
    copies.make(tmp_path / "copy", replace=True)
    assert verified == ["copy.part"]
    beside = tmp_path / "copy.json"
    about = json.loads(beside.read_text())
    about["tables"]["kb_codetable"]["rows"] = 7
    beside.write_text(json.dumps(about))
    with pytest.raises(CommandError, match=r"kb_codetable should have 7 rows and has 1\."):
        call_command("restore", str(tmp_path / "copy"), "--yes")


def test_the_tools_of_postgresql_get_the_password_and_options_by_their_environment(monkeypatch):
    monkeypatch.setenv("HOME", "/home/codebook")
    monkeypatch.setenv("PGUSER", "somebody-else")
    database = connection.copy()
    values = {"HOST": "db.example", "PORT": 5433, "USER": "codebook", "PASSWORD": "sesame", "NAME": "name"}
    database.settings_dict = values | {"OPTIONS": {"sslmode": "require", "options": "-c jit=off", "pool": {}}}
    variables = postgres._environment(database)
    assert {name: value for name, value in variables.items() if name.startswith("PG")} == {
        "PGHOST": "db.example",
        "PGPORT": "5433",
        "PGUSER": "codebook",
        "PGPASSWORD": "sesame",
        "PGDATABASE": "name",
        "PGSSLMODE": "require",
        "PGOPTIONS": "-c jit=off",
    }
    assert variables["HOME"] == "/home/codebook"
    database.settings_dict = {"NAME": "name", "HOST": "", "OPTIONS": None}
    assert "PGHOST" not in postgres._environment(database)


def test_the_tools_of_postgresql_find_whichever_of_two_servers_takes_writes():
    database = connection.copy()
    options = {"user": "codebook", "host": "one,two", "port": "5432", "target_session_attrs": "read-write"}
    database.settings_dict = {"NAME": "name", "OPTIONS": options}
    assert (
        postgres._environment(database).items()
        >= {
            "PGHOST": "one,two",
            "PGPORT": "5432",
            "PGUSER": "codebook",
            "PGTARGETSESSIONATTRS": "read-write",
        }.items()
    )


def test_a_tool_that_is_missing_or_fails_is_named(monkeypatch):
    with pytest.raises(CopyRefused, match="no-such-tool is not installed"):
        postgres._run(connection, "no-such-tool")
    postgres._run(connection, "true")
    with pytest.raises(CopyRefused, match=r"^sh: one$"):
        postgres._run(connection, "sh", "-c", "echo one >&2; exit 3")
    with pytest.raises(CopyRefused) as refused:
        postgres._run(connection, "sh", "-c", "printf '%2000s|end' '' | tr ' ' x >&2; exit 1")
    assert len(str(refused.value)) == len("sh: ") + 1_000
    assert str(refused.value).endswith("|end")


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("copies")
def test_a_copy_whose_feed_ends_elsewhere_is_refused(tmp_path):
    make.table()
    copies.make(tmp_path / "copy", verify=False)
    beside = tmp_path / "copy.json"
    about = json.loads(beside.read_text())
    beside.write_text(json.dumps(about | {"sequence": 7}))
    with pytest.raises(CommandError, match=r"the feed should end at 7 and ends at \d+\."):
        call_command("restore", str(tmp_path / "copy"), "--yes")
