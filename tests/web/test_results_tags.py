"""Results and suggestions say what is known about a code, and what was corrected."""

import pytest

from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def logged_in(client, agent):
    client.force_login(agent)


def test_results_and_suggestions_have_tags(client):
    with_note, with_incident = make.code("1", description="hall"), make.code("2", description="hall")
    make.note("Hall", with_note)
    make.incident("https://jira.example.com/browse/ZIM-1", with_incident)
    for path in ("/?q=hall", "/suggest/?q=hall"):
        page = client.get(path).content.decode()
        assert page.count("Open incident") == page.count(">Note<") == 1, path
        assert page.count("What to do") == 2, path


def test_a_correction_offers_the_words_as_they_stand(client):
    make.code(description="The lobby is closed.")
    page = client.get("/?q=lobbx").content.decode()
    assert "Showing results for <strong>lobby</strong>" in page
    assert "?q=lobbx&amp;exact=1" in page
    assert "Nothing found" in client.get("/?q=lobbx&exact=1").content.decode()


def test_the_api_searches_as_the_words_stand_and_in_several_tables(client):
    codes = [make.code("1", make.table(slug), description="The lobby is closed.") for slug in ("a", "b", "c")]
    assert client.get("/api/v1/search/?q=lobbx").json()["corrected"] == {"lobbx": "lobby"}
    assert client.get("/api/v1/search/?q=lobbx&exact=true").json()["results"] == []
    for query in ("lobby", "1"):
        answer = client.get(f"/api/v1/search/?q={query}&table=a,c").json()
        assert [hit["id"] for hit in answer["results"]] == [codes[0].pk, codes[2].pk], query
    elsewhere = make.code("7", codes[1].table)
    assert client.get(f"/api/v1/search/?q={elsewhere.code}&table=a,c").json()["verdict"] == "unknown"
