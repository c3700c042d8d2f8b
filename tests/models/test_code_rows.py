"""Plain SQL that makes the same objects as Django's queries, for the same readers."""

import datetime

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session

from kb.models import (
    CodeRange,
    CodeTable,
    Flag,
    IncidentLink,
    Proposal,
    ReturnCode,
    Section,
    TableImport,
    TroubleshootingNote,
)
from kb.models import notes as note_models
from kb.models.code_rows import codes_by_form, codes_by_id, codes_where
from kb.models.sql import objects, rows
from kb.models.visibility import condition, reader
from tests import make
from tests.models import test_visibility

pytestmark = pytest.mark.django_db
Revision = ReturnCode.history.model


@pytest.fixture
def world(client):
    """One row of each kind, with a value in each kind of column: times, days, JSON, yes or no, nothing."""
    table = make.table(source_url="https://example.org/codes")
    code = make.code(of=table, retired_at="2025-01-01T00:00Z", extra={"Since": "1.0", "ü": ["€"]}, successor=None)
    note = make.note("Room", code, review_on="2026-02-03", validated_by=make.user("reviewer", "reviewer"))
    make.code_range(of=table)
    make.incident("Trouble", code, started_at="2025-07-20T08:00:00.123456Z")
    Flag.objects.create(code=code, note=note, comment="Wrong")
    base = {"title": "A", "codes": [code.pk]}
    Proposal.objects.create(note=note, title="A", audience="public", base=base, base_version=1, state="open")
    TableImport.objects.create(table=table, state="applied")
    client.force_login(make.user("agent", "agent"))
    return code


@pytest.mark.parametrize(
    "model",
    [
        *(CodeRange, CodeTable, Flag, IncidentLink, Proposal, ReturnCode, Section, Session, TableImport),
        *(TroubleshootingNote, get_user_model(), Revision),
    ],
)
def test_objects_have_the_values_that_djangos_queries_give(model, world):
    def values(found):
        return [{field.attname: getattr(one, field.attname) for field in model._meta.concrete_fields} for one in found]

    name, key = model._meta.db_table, model._meta.pk.column
    expected = values(model._default_manager.order_by("pk"))
    assert expected or model is Revision
    assert values(objects(model, f"SELECT * FROM {name} ORDER BY {key}")) == expected
    # SQLite then no longer knows the columns' types.
    union = f"SELECT * FROM (SELECT * FROM {name} UNION ALL SELECT * FROM {name} WHERE 1 = 0) AS u ORDER BY {key}"
    assert values(objects(model, union)) == expected


def test_other_columns_become_attributes_and_fields_may_be_left_out(world, django_assert_num_queries):
    sql = "SELECT description, 'x' AS mark, id FROM kb_returncode WHERE id = %s"
    with django_assert_num_queries(1):
        (code,) = objects(ReturnCode, sql, world.pk)
        assert (code.pk, code.description, code.mark) == (world.pk, world.description, "x")
    assert code.get_deferred_fields() >= {"code", "extra"}
    assert code.code == world.code
    assert (code._state.adding, code._state.db) == (False, "default")
    assert objects(ReturnCode, sql, 0) == []


def test_a_code_has_all_that_its_card_shows_and_a_brief_one_all_that_a_list_shows(world, django_assert_num_queries):
    wide = [field.attname for field in ReturnCode._meta.concrete_fields]
    with django_assert_num_queries(2):
        (whole,) = codes_where("c.id = %s", [world.pk], None, more=", 5 AS five")
        (brief,) = codes_where("c.id = %s", [world.pk], None, is_brief=True)
        assert {name: getattr(whole, name) for name in wide} == {
            name: getattr(world, name) for name in wide if name not in {"retired_at", "created_at", "updated_at"}
        } | {
            "retired_at": datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC),
            "created_at": world.created_at,
            "updated_at": world.updated_at,
        }
        assert whole.five == 5
        for code in (whole, brief):
            assert code.get_absolute_url() == world.get_absolute_url()
            assert (code.table.source_url, code.table.audience) == (world.table.source_url, "public")
            assert (code.section.name, code.section.position, code.section.table) == ("Public", 0, code.table)
            assert (code.symbol, code.is_retired, code.successor_id) == (world.symbol, True, None)


@pytest.fixture(autouse=True)
def _open_site(settings):
    settings.KB_PUBLIC_READ = True


def test_codes_by_form_and_by_id_are_the_readers_own(django_assert_num_queries, settings):
    shown, hidden = make.table("shown"), make.table("hidden", audience="internal")
    codes = [make.code("1", shown), make.code("1", shown, "Other"), make.code("2", shown), make.code("1", hidden)]
    agent, ids = make.user("agent", "agent"), [code.pk for code in codes]
    forms = ["1", "2", "3", "nothing\x00else"]

    def found(user, table=None):
        return {form: sorted(code.pk for code in some) for form, some in codes_by_form(forms, user, table).items()}

    assert found(agent) == {"1": sorted([ids[0], ids[1], ids[3]]), "2": [ids[2]]}
    assert found(None) == {"1": ids[:2], "2": [ids[2]]}
    assert found(None, hidden.pk) == {}
    assert found(agent, hidden.pk) == {"1": [ids[3]]}
    assert set(codes_by_id(ids, agent)) == set(ids)
    assert set(codes_by_id(ids, AnonymousUser())) == set(ids[:3])
    with django_assert_num_queries(0):
        assert codes_by_id([], None) == {}
        assert codes_by_form([], None) == {}
    one, other = codes_by_form(["1"], None)["1"]
    assert one.table is other.table
    settings.KB_PUBLIC_READ = False
    with django_assert_num_queries(0):
        assert found(None) == {}
    assert codes_by_id(ids, None) == {}


@pytest.mark.parametrize("is_open", [True, False])
def test_conditions_keep_what_the_querysets_keep_for_every_reader(is_open, settings):
    list(test_visibility.rows())
    people = test_visibility.readers()
    assert set(people) == set(test_visibility.LEVELS)
    settings.KB_PUBLIC_READ = is_open
    for name, person in people.items():
        level = reader(person)
        tables = rows(f"SELECT t.id FROM kb_codetable AS t WHERE {condition(level, 't.audience')}")
        assert {pk for (pk,) in tables} == set(CodeTable.objects.visible_to(person).values_list("pk", flat=True)), name
        codes = {code.pk for code in codes_where("1 = 1", [], person)}
        assert codes == set(ReturnCode.objects.visible_to(person).values_list("pk", flat=True)), name
        notes = rows(f"SELECT n.id FROM kb_troubleshootingnote AS n WHERE {note_models.meant_for(level)}")
        meant = TroubleshootingNote.objects.meant_for(person)
        assert {pk for (pk,) in notes} == set(meant.values_list("pk", flat=True)), name


def test_the_readers_differ():
    list(test_visibility.rows())
    counts = {len(codes_where("1 = 1", [], person)) for person in (None, make.user("agent", "agent"))}
    assert len(counts) == 2
