"""Addresses that meant the same incident before links were compared are kept, and told apart."""

import pytest

from kb.models import IncidentLink
from tests import make

pytestmark = pytest.mark.django_db


<<<<<<< ours
def test_a_link_that_is_marked_as_a_duplicate_stays_marked_when_it_is_saved():
    first, second = make.incident("a"), make.incident("b")
    marked = f"{first.canonical} (duplicate of {first.pk}: {second.pk})"
    IncidentLink.objects.filter(pk=second.pk).update(url=f"{first.url}/", canonical=marked)
||||||| base
def test_the_older_of_two_links_has_the_address_and_nothing_of_the_other_is_lost():
    first, second, third = (make.incident(name) for name in "abc")
    for incident, url in (
        (first, "https://a.example/1"),
        (second, "https://A.example/1/"),
        (third, "https://b.example/1"),
    ):
        IncidentLink.objects.filter(pk=incident.pk).update(url=url)
    fill(apps, SimpleNamespace())
    found = dict(IncidentLink.objects.values_list("title", "canonical"))
    assert found["a"] == "a.example/1"
    assert found["b"] == f"a.example/1 (duplicate of {first.pk}: {second.pk})"
    assert found["c"] == "b.example/1"
=======
def test_of_two_equal_addresses_the_older_link_keeps_its_own():
    first, second, third = (make.incident(name) for name in "abc")
    for incident, url in (
        (first, "https://a.example/1"),
        (second, "https://A.example/1/"),
        (third, "https://b.example/1"),
    ):
        IncidentLink.objects.filter(pk=incident.pk).update(url=url)
    fill(apps, SimpleNamespace())
    found = dict(IncidentLink.objects.values_list("title", "canonical"))
    assert found["a"] == "a.example/1"
    assert found["b"] == f"a.example/1 (duplicate of {first.pk}: {second.pk})"
    assert found["c"] == "b.example/1"
>>>>>>> theirs
    second.refresh_from_db()
    second.save()
    assert IncidentLink.objects.get(pk=second.pk).canonical == marked
