"""Addresses that meant the same incident before links were compared are kept, and told apart."""

import pytest

from kb.models import IncidentLink
from tests import make

pytestmark = pytest.mark.django_db


def test_a_link_that_is_marked_as_a_duplicate_stays_marked_when_it_is_saved():
    first, second = make.incident("a"), make.incident("b")
    marked = f"{first.canonical} (duplicate of {first.pk}: {second.pk})"
    IncidentLink.objects.filter(pk=second.pk).update(url=f"{first.url}/", canonical=marked)
    second.refresh_from_db()
    second.save()
    assert IncidentLink.objects.get(pk=second.pk).canonical == marked
