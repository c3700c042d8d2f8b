"""The tools that people open an SQLite export with serve all of it: the real Datasette, and sqlite-utils."""

from contextlib import closing
from html import unescape
from re import findall
from urllib.parse import quote

import anyio
import pytest
import sqlite_utils
from datasette.app import Datasette
from django.utils import timezone

from kb.exporting.sqlite import write_database
from tests import make

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

REFERENCES = {
    "sections": {("table_id", "tables", "id")},
    "ranges": {("table_id", "tables", "id")},
    "codes": {("table_id", "tables", "id"), ("section_id", "sections", "id"), ("successor_id", "codes", "id")},
    "note_codes": {("note_id", "notes", "id"), ("code_id", "codes", "id")},
    "note_ranges": {("note_id", "notes", "id"), ("range_id", "ranges", "id")},
    "incident_codes": {("incident_id", "incidents", "id"), ("code_id", "codes", "id")},
}


@pytest.fixture
def path(tmp_path):
    """An export of a table whose name, section and codes are words of SQL, and signs that addresses escape."""
    table = make.table("select", name="order", vendor="group", product="table")
    codes = [make.code(number, table, "from") for number in ("1", "a/b c", "~;--", "节")]
    codes[0].retired_at, codes[0].successor = timezone.now(), codes[1]
    codes[0].save()
    make.note("Room is gone", *codes, resolution="Rejoin.").ranges.add(make.code_range("where", 1, 5, of=table))
    make.incident("Rooms fail", *codes)
    write_database(tmp_path / "copy.sqlite", None)
    return tmp_path / "copy.sqlite"


def answers(path, addresses):
    """Return the answer of Datasette to each address; `addresses` gets a function that asks for one, awaited."""

    async def ask():
        datasette = Datasette([str(path)])
        await datasette.invoke_startup()

        async def get(address):
            return await datasette.client.get(address)

        return {address: await get(address) for address in await addresses(get)}

    return anyio.run(ask)


async def shown(get):
    """Return the names of the tables and views that Datasette shows, each with its columns."""
    database = (await get("/copy.json")).json()
    tables = {table["name"]: table["columns"] for table in database["tables"] if not table["hidden"]}
    for view in database["views"]:
        tables[view["name"]] = (await get(f"/copy/{view['name']}.json")).json()["columns"]
    return tables


async def every_page(get):
    addresses = ["/", "/copy"]
    for name, columns in (await shown(get)).items():
        addresses += [f"/copy/{name}", f"/copy/{name}.json?_labels=on", f"/copy/{name}.csv?_labels=on"]
        addresses += [f"/copy/{name}?_facet={column}" for column in columns]
        addresses += [f"/copy/{name}?_sort={column}" for column in columns]
        page = (await get(f"/copy/{name}")).text
        addresses += [unescape(row) for row in findall(rf'href="(/copy/{name}/[^"?]+)"', page)]
    return sorted(set(addresses))


def test_datasette_shows_every_page(path):
    pages = answers(path, every_page)
    assert {address: page.status_code for address, page in pages.items() if page.status_code != 200} == {}
    rows = [address for address in pages if address.count("/") == 3]
    # Pages of rows: 4 codes, and the other tables.
    assert len([address for address in rows if address.startswith("/copy/codes/")]) == 4
    assert {address.split("/")[2] for address in rows} >= REFERENCES.keys() - {"note_ranges"} | {"README", "notes"}
    assert len(pages) > 150


def test_datasette_searches_and_follows_references(path):
    async def searched(get):
        return ["/copy/codes", "/copy/codes.json?_search=room", "/copy/notes.json?_search=rejoin", "/copy/codes/1"]

    box, codes, notes, _row = answers(path, searched).values()
    assert 'name="_search"' in box.text
    # A reference shows the name of what it refers to.
    assert '<a href="/copy/tables/' in box.text
    assert ">order</a>" in box.text
    assert [row[4] for row in codes.json()["rows"]] == ["1", "a/b c", "~;--", "节"]
    assert [row[1] for row in notes.json()["rows"]] == ["Room is gone"]


@pytest.mark.parametrize(
    ("filters", "count"), [("table__exact=select", 4), ("section__exact=from", 4), ("table__exact=order", 0)]
)
def test_datasette_filters_by_columns_that_are_words_of_sql(path, filters, count):
    async def filtered(get):
        return [f"/copy/code_list.json?{filters}"]

    (page,) = answers(path, filtered).values()
    assert len(page.json()["rows"]) == count


def test_every_example_of_the_readme_runs_in_datasette(path):
    async def examples(get):
        rows = (await get("/copy/README.json?_shape=array")).json()
        texts = [row["text"] for row in rows if "SELECT" in row["text"]]
        return [f"/copy.json?sql={quote(text[text.index('SELECT') :])}" for text in texts]

    pages = answers(path, examples)
    assert len(pages) == 5
    assert all(page.status_code == 200 and page.json()["ok"] for page in pages.values())


def test_sqlite_utils_finds_references_and_searches(path):
    with closing(sqlite_utils.Database(path)) as db:
        for name in db.table_names():
            keys = {(key.column, key.other_table, key.other_column) for key in db[name].foreign_keys}
            assert keys == REFERENCES.get(name, set())
        assert (db["codes"].detect_fts(), db["notes"].detect_fts()) == ("codes_fts", "notes_fts")
        assert {row["code"] for row in db["codes"].search("room")} == {"1", "a/b c", "~;--", "节"}
        assert [row["title"] for row in db["notes"].search("rejoin")] == ["Room is gone"]
        assert db["code_list"].count_where('"table" = ?', ["select"]) == 4
