"""Pages of other sites may call the API only from the configured origins, and never with a session."""

import pytest

HERE, OTHER = "https://desk.example", "https://other.example"


@pytest.fixture(autouse=True)
def origins(settings):
    settings.CORS_ALLOWED_ORIGINS = [HERE]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "origin", "is_allowed"),
    [
        ("/api/v1/codes/", HERE, True),
        ("/api/v1/codes/", OTHER, False),
        ("/api/v1/codes/?cod=3", HERE, True),
        ("/api/nowhere", HERE, True),
        ("/", HERE, False),
        ("/admin/", HERE, False),
    ],
)
def test_only_configured_origins_are_allowed(client, path, origin, is_allowed):
    answer = client.get(path, headers={"Origin": origin})
    assert answer.get("Access-Control-Allow-Origin") == (origin if is_allowed else None)
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.django_db
def test_a_preflight_request_allows_a_token(client):
    headers = {
        "Origin": HERE,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = client.options("/api/v1/codes/", headers=headers)
    assert answer["Access-Control-Allow-Origin"] == HERE
    assert "authorization" in answer["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    "name", ["authorization", "content-type", "if-modified-since", "if-none-match", "x-request-id"]
)
def test_a_preflight_request_allows_each_header_that_clients_send(client, name):
    headers = {"Origin": HERE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": name}
    allowed = client.options("/api/v1/lookup/", headers=headers)["Access-Control-Allow-Headers"]
    assert name in allowed.split(", ")


@pytest.mark.django_db
def test_an_answer_exposes_each_header_that_clients_read(client):
    exposed = client.get("/api/v1/codes/", headers={"Origin": HERE})["Access-Control-Expose-Headers"].split(", ")
    assert {*exposed} == {
        *("Content-Disposition", "ETag", "Last-Modified", "Link", "RateLimit", "RateLimit-Policy", "Retry-After"),
        *("X-Request-ID", "X-Sequence", "WWW-Authenticate", "Deprecation", "Sunset"),
    }
