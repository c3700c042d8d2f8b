"""One error names every bad parameter, also names that are looked up, within limits; bad escapes are refused."""

import json

import pytest
from django.core.exceptions import TooManyFieldsSent
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kb.api.framework.errors import MAX_ERRORS, BadParameters
from kb.api.framework.parameter_values import CODE, repeated
from kb.api.framework.parameters import parse_query
from kb.models import CodeTable
from tests import make
from tests.api.whole_site import ask

BAD = "codes/?disposition=foo&section=Pubic&table=nope"


@pytest.fixture
def world(db, editor):
    code = make.code("660300001")
    make.note("Room is gone", code, owner=editor)
    return code


def errors(client, address):
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == 400, (address, answer.status_code)
    return answer.json()["errors"]


def names(client, address):
    return sorted({error["parameter"] for error in errors(client, address)})


@pytest.mark.parametrize(
    ("address", "parameters"),
    [
        (BAD, ["disposition", "section", "table"]),
        ("codes/?section=Pubic&table=nope", ["section", "table"]),
        (
            "codes/?section=Pubic&table=nope&section__not=a&table__not=b",
            ["section", "section__not", "table", "table__not"],
        ),
        ("codes/?table=nope,zim-server&fields=x", ["fields", "table"]),
        ("codes/?table=nope&table=zim-server&cursor=x", ["cursor", "table"]),
        ("codes/?has_notes=1&section=Pubic&cursor=x", ["cursor", "section"]),
        ("codes/?table=nope&what=x", ["table", "what"]),
        ("codes/?table[]=nope&what=x", ["table", "what"]),
        ("codes/?table=zim-server&section=Public&what=x", ["what"]),
        ("codes/?table=&section=Pubic", ["section", "table"]),
        ("incidents/?state=closed&table=nope&table__not=gone", ["state", "table", "table__not"]),
        ("notes/?state=live&code=1&table=nope", ["state", "table"]),
        ("notes/?owner=nobody&table__not=nope", ["owner", "table__not"]),
        ("notes/?owner=nobody&owner__not=none&due=x", ["due", "owner", "owner__not"]),
        ("search/?limit=999&table=nope", ["limit", "q", "table"]),
        ("search/?q=&table=nope,zim-server&exact=x&what=1", ["exact", "q", "table", "what"]),
        ("changes/?noun=foo&table=nope&since=zz", ["noun", "since", "table"]),
        ("changes/?limit=0&table=nope&since=0", ["limit", "table"]),
        ("snapshot/?noun=foo&table=nope", ["noun", "table"]),
        ("snapshot/manifest/?what=foo&table=nope", ["table", "what"]),
        ("export.csv?what=1", ["ending", "what"]),
        ("tables/zim-server/export.txt?words=ours&what=1", ["ending", "what", "words"]),
        ("tables/zim-server/export.json?words=ours&bom=true", ["bom", "words"]),
        ("tables/zim-server/export.json?bom=perhaps", ["bom"]),
    ],
)
def test_one_error_names_every_bad_parameter(client, admin, world, address, parameters):
    client.force_login(admin)
    assert names(client, address) == parameters
    assert len(errors(client, address)) == len(parameters)


def test_the_public_is_told_of_a_table_for_others_as_of_none(client, world):
    make.table("hidden", audience="internal")
    for slug in ("hidden", "nope"):
        found = errors(client, f"codes/?disposition=foo&table={slug}")
        assert found[1]["message"] == f"There is no table “{slug}” that you may read."
        assert found[1]["allowed"] == ["zim-server"]


def test_a_place_that_has_its_tables_is_not_asked_for_others(client, world):
    """A place remembers a table that is not for its reader any more: that is no error, whatever else is wrong."""
    since = client.get("/api/v1/changes/?table=zim-server").json()["next"]
    assert "~" in since
    CodeTable.objects.update(audience="internal")
    address = f"changes/?table=zim-server&since={since}"
    assert client.get(f"/api/v1/{address}").status_code == 200
    assert names(client, f"{address}&limit=0") == ["limit"]


def test_names_are_looked_up_within_the_limits_of_an_error(client, world):
    tables, sections = ("&".join(f"{name}=no-{n}" for n in range(15)) for name in ("table", "section"))
    found = errors(client, f"codes/?{sections}&{tables}")
    assert len(found) == MAX_ERRORS
    assert {error["parameter"] for error in found} == {"section", "table"}
    unknown = "&".join(f"u{n}=1" for n in range(MAX_ERRORS))
    with CaptureQueriesContext(connection) as queries:
        assert "table" not in names(client, f"codes/?{unknown}&{tables}")
    assert [one for one in queries.captured_queries if "kb_codetable" in one["sql"]] == []


@pytest.mark.parametrize("name", ["code", "code__in", "text", "description__contains", "table", "fields", "cursor"])
@pytest.mark.parametrize("value", ["%FF", "a%C3", "%ED%A0%80", "%C0%80x"])
def test_an_escape_that_is_no_utf8_is_refused_everywhere(client, world, name, value):
    (error,) = errors(client, f"codes/?{name}={value}")
    assert (error["parameter"], error["message"]) == (name, "It has bytes that are no UTF-8.")
    assert "\ufffd" in error["value"]


@pytest.mark.parametrize(
    "address", ["codes/1/?fields=%FF", "search/?q=room%FF", "changes/?since=%FF", "snapshot/?table=%FF"]
)
def test_every_address_refuses_such_an_escape(client, world, address):
    assert [error["message"] for error in errors(client, address)] == ["It has bytes that are no UTF-8."]


def test_a_name_with_such_an_escape_is_unknown(client, world):
    (error,) = errors(client, "codes/?c%FFde=1")
    assert (error["parameter"], error["nearest"]) == ("c\ufffdde", "code")


def test_the_cache_in_front_refuses_such_an_escape_and_reads_letters_as_django_does(caching):
    make.code("1", symbol="É")
    for address in ("codes/?symbol=x", "search/?q=x"):
        # From now on, the layer in front answers such requests.
        assert ask(f"/api/v1/{address}").status == 200
        assert ask(f"/api/v1/{address}%FF").status == 400
    for query in ("%C3%89", "É".encode().decode("latin-1")):
        assert ask(f"/api/v1/codes/?symbol={query}").codes == ["1"]
        assert [one["code"] for one in json.loads(ask(f"/api/v1/search/?q={query}").body)["results"]] == ["1"]


def test_the_sign_for_a_bad_letter_is_a_letter(client, world):
    """Logs have it where their reader lost a byte."""
    assert client.get("/api/v1/search/?q=room%EF%BF%BD").status_code == 200


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("code=a%20b+c", "a b c"),
        ("code=%C3%A9", "é"),
        ("code=\u00c3\u00a9", "é"),
        ("code=\u00e9", "é"),
        ("code=房", "房"),
    ],
)
def test_a_value_is_read_as_it_was_sent(query, value):
    assert parse_query(query, {"code": CODE}) == {"code": value}


def test_a_query_of_too_many_parameters_is_refused(settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 2
    assert parse_query("code=1&code=2", {"code": repeated(CODE)}) == {"code": ["1", "2"]}
    with pytest.raises(TooManyFieldsSent):
        parse_query("code=1&code=2&code=3", {"code": repeated(CODE)})


def test_what_is_required_is_named_once():
    with pytest.raises(BadParameters) as refused:
        parse_query("q=+&q=&code=%00", {"q": CODE, "code": CODE}, required={"q": "a code"})
    assert [(one["parameter"], one["message"]) for one in refused.value.errors] == [
        ("q", "It is required."),
        ("code", "It contains a NUL character."),
    ]
