"""Requests over every address of the API, as its own description has them: each list with every parameter."""

import json
import sqlite3
import tempfile
from pathlib import Path

from django.test import Client
from drf_spectacular.generators import SchemaGenerator

ASKED = ["660300001", "10", "0xC0000005", "err-2", "nonsense", "660300009", ""]
BODIES = {
    "/api/v1/lookup/": [{"codes": ASKED[:-1]}, {"codes": ["10"], "table": "zim-server"}, {"codes": []}, {"nope": 1}],
    "/api/v1/detect/": [{"text": f"failed with {' and '.join(ASKED)}, room does not exist"}, {"text": ""}, {}],
}
QUERIES = {
    "/api/v1/search/": [
        "q=room",
        "q=rooom+full",
        "q=660300001",
        "q=%C3%BCbung",
        "q=room&table=other",
        "q=a&limit=1",
        "",
    ],
    "/api/v1/changes/": ["since=0&limit=3", "since=3", "since=99", "since=x"],
}
PLACES = {"{id}": ["1", "2", "4", "999"], "{slug}": ["zim-server", "other", "nowhere"]}
ENDINGS = ["csv", "json", "ndjson", "sqlite", "txt"]


def described():
    """Yield method, path and query parameters of every operation."""
    for path, operations in SchemaGenerator().get_schema(request=None, public=True)["paths"].items():
        for method, operation in operations.items():
            parameters = operation.get("parameters", [])
            yield method, path, [one for one in parameters if one["in"] == "query"]


def answers(client: Client, in_every_way: bool = True) -> dict[str, object]:
    """Ask every address, or also with every parameter; return what was answered, by request."""
    found = {}
    for method, path, parameters in described():
        parameters = parameters if in_every_way else []
        if method == "post":
            for body in BODIES[path]:
                told = json.dumps(body)
                found[f"POST {path} {told}"] = said(client.post(path, told, content_type="application/json"))
            continue
        for address in addresses(path, parameters, client):
            found[f"GET {address}"] = said(client.get(address))
    return found


def addresses(path, parameters, client):
    places = [path]
    for name, values in {**PLACES, "{ending}": ENDINGS}.items():
        places = [place.replace(name, value) for place in places for value in (values if name in place else [""])]
    queries = [*QUERIES.get(path, []), *([] if path in QUERIES else filters(path, parameters, client))]
    return [*places, *(f"{places[0]}?{query}" for query in queries)]


def filters(path, parameters, client):
    """Yield each parameter with values that its description allows, or that are in what the list holds."""
    listed = [] if "{" in path else client.get(f"{path}?page_size=100").json().get("results", [])
    for parameter in parameters:
        for value in values_of(parameter, listed):
            yield f"{parameter['name']}={value}"


def values_of(parameter, listed):
    name, schema = parameter["name"], parameter["schema"]
    schema = schema.get("items", schema)
    field, _, how = name.partition("__")
    if schema.get("enum"):
        # What shapes an answer is asked for member by member; of what chooses rows, two values say enough.
        return schema["enum"] if name in ("fields", "include", "facets", "ordering") else schema["enum"][:2]
    if how == "isnull" or schema["type"] == "boolean":
        return ["true", "false"]
    if how in ("after", "before") or field.endswith("_since"):
        return ["2026-01-15", "2026-06-01T12:00:00Z"]
    held = [one[field] for one in listed if isinstance(one.get(field), str | int) and one.get(field) != ""]
    found = list(dict.fromkeys(shortened(value, how) for value in held)) or ["1", "zim-server", "nothing"]
    return ["%2C".join(found[:2])] if how == "in" else [*found[:1], "Nothing-like-it"]


def shortened(value, how):
    text = str(value)
    text = {"prefix": text[:3], "contains": text[2:7]}.get(how, text)
    return "".join(f"%{byte:02X}" for byte in text.encode())


def said(response):
    """Return status and body, but for the request's own id."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    kind = response.headers.get("Content-Type", "")
    if "sqlite" in kind:
        return response.status_code, rows_of(body)
    if "json" in kind and "ndjson" not in kind:
        told = json.loads(body)
        if isinstance(told, dict):
            told.pop("request_id", None)
        return response.status_code, told
    return response.status_code, body.decode()


def rows_of(database: bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.sqlite3"
        path.write_bytes(database)
        connection = sqlite3.connect(path)
        try:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
            shown = [name for (name,) in names.fetchall() if "_fts_" not in name and not name.startswith("sqlite_")]
            return {name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"'))) for name in shown}
        finally:
            connection.close()
