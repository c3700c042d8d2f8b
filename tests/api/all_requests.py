"""Requests to every address of the API with every parameter, generated from its OpenAPI description."""

import json
import sqlite3
import tempfile
from pathlib import Path

from django.test import Client
from drf_spectacular.generators import SchemaGenerator

CODES = ["660300001", "10", "0xC0000005", "err-2", "nonsense", "660300009", ""]
BODIES = {
    "/api/v1/lookup/": [{"codes": CODES[:-1]}, {"codes": ["10"], "table": "zim-server"}, {"codes": []}, {"nope": 1}],
    "/api/v1/detect/": [{"text": f"failed with {' and '.join(CODES)}, room does not exist"}, {"text": ""}, {}],
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
IDS = {"{id}": ["1", "2", "4", "999"], "{slug}": ["zim-server", "other", "nowhere"]}
ENDINGS = ["csv", "json", "ndjson", "sqlite", "txt"]


def operations():
    """Yield method, path and query parameters of every operation."""
    for path, operations in SchemaGenerator().get_schema(request=None, public=True)["paths"].items():
        for method, operation in operations.items():
            parameters = operation.get("parameters", [])
            yield method, path, [one for one in parameters if one["in"] == "query"]


def ask_all(client: Client, in_every_way: bool = True) -> dict[str, object]:
    """Return the answers by request: of every address, with every parameter if `in_every_way`."""
    results = {}
    for method, path, parameters in operations():
        parameters = parameters if in_every_way else []
        if method == "post":
            for body in BODIES[path]:
                text = json.dumps(body)
                results[f"POST {path} {text}"] = content_of(client.post(path, text, content_type="application/json"))
            continue
        for address in addresses(path, parameters, client):
            results[f"GET {address}"] = content_of(client.get(address))
    return results


def addresses(path, parameters, client):
    places = [path]
    for name, values in {**IDS, "{ending}": ENDINGS}.items():
        places = [place.replace(name, value) for place in places for value in (values if name in place else [""])]
    queries = [*QUERIES.get(path, []), *([] if path in QUERIES else filters(path, parameters, client))]
    return [*places, *(f"{places[0]}?{query}" for query in queries)]


def filters(path, parameters, client):
    """Yield each parameter with values that its description allows or that the list contains."""
    rows = [] if "{" in path else client.get(f"{path}?page_size=100").json().get("results", [])
    for parameter in parameters:
        for value in values_of(parameter, rows):
            yield f"{parameter['name']}={value}"


def values_of(parameter, rows):
    name, schema = parameter["name"], parameter["schema"]
    schema = schema.get("items", schema)
    field, _, how = name.partition("__")
    if schema.get("enum"):
        # Parameters that select fields get every value; two values are enough for filters.
        return schema["enum"] if name in ("fields", "include", "facets", "ordering") else schema["enum"][:2]
    if how == "isnull" or schema["type"] == "boolean":
        return ["true", "false"]
    if how in ("after", "before") or field.endswith("_since"):
        return ["2026-01-15", "2026-06-01T12:00:00Z"]
    values = [one[field] for one in rows if isinstance(one.get(field), str | int) and one.get(field) != ""]
    samples = list(dict.fromkeys(shortened(value, how) for value in values)) or ["1", "zim-server", "nothing"]
    return ["%2C".join(samples[:2])] if how == "in" else [*samples[:1], "Nothing-like-it"]


def shortened(value, how):
    text = str(value)
    text = {"prefix": text[:3], "contains": text[2:7]}.get(how, text)
    return "".join(f"%{byte:02X}" for byte in text.encode())


def content_of(response):
    """Return status and body, without the id of the request."""
    body = b"".join(response.streaming_content) if response.streaming else response.content
    kind = response.headers.get("Content-Type", "")
    if "sqlite" in kind:
        return response.status_code, rows_of(body)
    if "json" in kind and "ndjson" not in kind:
        answer = json.loads(body)
        if isinstance(answer, dict):
            answer.pop("request_id", None)
        return response.status_code, answer
    return response.status_code, body.decode()


def rows_of(database: bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export.sqlite3"
        path.write_bytes(database)
        connection = sqlite3.connect(path)
        try:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name")
            tables = [name for (name,) in names.fetchall() if "_fts_" not in name and not name.startswith("sqlite_")]
            return {name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"'))) for name in tables}
        finally:
            connection.close()
