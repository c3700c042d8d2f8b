"""Addresses that meant the same incident before anybody asked are kept, and told apart."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps

from kb.models import IncidentLink
from tests import make

pytestmark = pytest.mark.django_db
fill = import_module("kb.migrations.0032_incident_canonical").fill


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
    second.refresh_from_db()
    second.save()
    assert second.canonical == found["b"]
