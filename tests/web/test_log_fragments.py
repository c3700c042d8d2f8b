"""A piece of a log in the search box is answered like the code in it."""

import pytest

from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "typed", ["code=660300001", '"Code": 660300001', "[660300001]", "error code: 660300001, message=x"]
)
def test_a_fragment_with_one_code_redirects_to_its_card(client, typed):
    code = make.code("660300001")
    assert client.get("/", {"q": typed})["Location"] == code.get_absolute_url()


def test_a_fragment_with_two_codes_shows_both(client):
    make.code("660300001")
    make.code("660300002", description="User not in room.")
    page = client.get("/", {"q": "code=660300001 then code=660300002"}).content.decode()
    assert "Room does not exist." in page
    assert "User not in room." in page


def test_words_and_unlisted_numbers_are_answered_as_before(client):
    make.code("660300001")
    assert client.get("/", {"q": "room exist"}).status_code == 200
    assert "660300009" in client.get("/", {"q": "660300009"}).content.decode()
