"""Pages of other sites ask the API only from the origins that a site names, and never with a session."""

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
def test_an_origin_is_let_in_by_name(client, path, origin, is_allowed):
    answer = client.get(path, headers={"Origin": origin})
    assert answer.get("Access-Control-Allow-Origin") == (origin if is_allowed else None)
    assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.django_db
def test_a_browser_may_ask_first_whether_it_may_send_a_token(client):
    asked = {"Origin": HERE, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
    answer = client.options("/api/v1/codes/", headers=asked)
    assert answer["Access-Control-Allow-Origin"] == HERE
    assert "authorization" in answer["Access-Control-Allow-Headers"]
