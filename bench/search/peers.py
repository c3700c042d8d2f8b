"""The bare peer of a search: Django with one view, which asks the database's own index and nothing else.

FTS5 on SQLite, a `tsvector` on PostgreSQL, over the code and its texts, joined to the row, the best 20 as JSON by
orjson. It finds rows with all the words as they are typed: no stems, synonyms, corrections, passages or notes.
`fill` copies the rows; settings, view and address stand in the same module, so that a reader sees all that is measured.
"""

import os
import sqlite3

import dj_database_url
import orjson
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse

PEER_URL = "BENCH_PEER_URL"
"""The variable with the database of the rows. Only the peer's own server has it."""

if PEER_URL in os.environ:
    settings.configure(
        SECRET_KEY="bench " * 10,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="bench.search.peers",
        DATABASES={"default": dj_database_url.parse(os.environ[PEER_URL], conn_max_age=60)},
        MIDDLEWARE=["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"],
        USE_TZ=True,
    )

    from django.core.wsgi import get_wsgi_application
    from django.urls import path

    application = get_wsgi_application()
    urlpatterns = [path("bare/", lambda request: bare(request))]

TEXTS = ("symbol", "description", "possible_reasons", "suggested_actions")
NAMES = ("id", "code", "number", *TEXTS, "disposition", "fixer")
_COLUMNS = ", ".join(f"c.{name}" for name in NAMES)
SEARCH = {
    "sqlite": f"SELECT {_COLUMNS} FROM codes_fts AS f JOIN codes AS c ON c.id = f.rowid"
    " WHERE codes_fts MATCH %s ORDER BY rank LIMIT 20",
    "postgresql": f"SELECT {_COLUMNS} FROM bench_words AS w JOIN kb_returncode AS c ON c.id = w.id,"
    " plainto_tsquery('simple', %s) AS words WHERE w.vector @@ words ORDER BY ts_rank(w.vector, words) DESC LIMIT 20",
}


def bare(request: HttpRequest) -> HttpResponse:
    """The cheapest search with Django: one query."""
    words = request.GET["q"]
    question = " ".join(f'"{word}"' for word in words.split()) if connection.vendor == "sqlite" else words
    with connection.cursor() as cursor:
        cursor.execute(SEARCH[connection.vendor], [question])
        rows = [dict(zip(NAMES, row, strict=True)) for row in cursor.fetchall()]
    return HttpResponse(orjson.dumps({"results": rows}), content_type="application/json")


def fill(path):
    """Write the peers' index: on SQLite into a database of its own, which Datasette serves too; return its URL."""
    names, words = ", ".join(NAMES), ", ".join(["code", *TEXTS])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP TABLE IF EXISTS bench_words")
            cursor.execute(
                f"CREATE TABLE bench_words AS SELECT id, to_tsvector('simple', concat_ws(' ', {words})) AS vector"
                " FROM kb_returncode"
            )
            cursor.execute("ALTER TABLE bench_words ADD PRIMARY KEY (id)")
            cursor.execute("CREATE INDEX ON bench_words USING gin (vector)")
            cursor.execute("VACUUM ANALYZE bench_words")
            return os.environ["DATABASE_URL"]
        cursor.execute(f"SELECT {names} FROM kb_returncode")
        with sqlite3.connect(path) as database:
            database.execute(f"CREATE TABLE codes ({names.replace('id', 'id INTEGER PRIMARY KEY', 1)})")
            database.executemany(f"INSERT INTO codes VALUES ({', '.join('?' * len(NAMES))})", cursor)
            database.execute(f"CREATE VIRTUAL TABLE codes_fts USING fts5({words}, content='codes', content_rowid='id')")
            database.execute("INSERT INTO codes_fts (codes_fts) VALUES ('rebuild')")
    return f"sqlite:///{path}"
