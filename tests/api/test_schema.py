"""The OpenAPI schema is true: generated requests, good and bad, find nothing that it does not describe."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from config.wsgi import application
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def described():
    """The schema as served, over a few rows of everything."""
    for n in range(3):
        code = make.code(str(n), suggested_actions="Please try again later.")
        make.note(f"Note {n}", code)
        make.incident(f"Incident {n}", code)
    # Each request would close the connection that the test's transaction lives in; Django's own client does the same.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_the_api_does_as_its_schema_says(case):
    # A cursor is opaque: no schema can tell a right one from a wrong one. And the anonymous may read here.
    case.call_and_validate(excluded_checks=[positive_data_acceptance, ignored_auth])
