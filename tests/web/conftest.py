"""Fixtures of the pages' tests."""

import pytest
from django.test import Client

from tests import make


@pytest.fixture
def public(db):
    return Client()


@pytest.fixture
def agents(agent):
    """The client of an agent, who reads what is internal too."""
    client = Client()
    client.force_login(agent)
    return client


@pytest.fixture
def editors(editor):
    client = Client()
    client.force_login(editor)
    return client


@pytest.fixture
def room(db):
    return make.code("660300001", suggested_actions="Please confirm whether the input RoomId is correct.")
