"""Each response is one line of the log, at a level that fits its kind, with the user whom another layer knows."""

import logging

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject
from prometheus_client import REGISTRY

from kb.ops import metrics, outages
from kb.ops.request_log import ObservingMiddleware


class Match:
    def __init__(self, view_name):
        self.view_name = view_name


def record_of(caplog, route, status=200, **values):
    """Return the record of one request."""

    def answer(request):
        request.resolver_match = Match(route) if route is not None else None
        request.__dict__.update(values)
        return HttpResponse(status=status)

    caplog.clear()
    with caplog.at_level(logging.DEBUG, "codebook.request"):
        ObservingMiddleware(answer)(RequestFactory().get("/secret/"))
    (record,) = caplog.records
    return record


@pytest.mark.parametrize(
    ("route", "status", "level"),
    [
        ("code", 200, "INFO"),
        ("code", 404, "INFO"),
        ("healthz", 200, "DEBUG"),
        ("readyz", 503, "DEBUG"),
        ("metrics", 200, "DEBUG"),
        # Without a route: a static file, unless it is an error.
        (None, 200, "DEBUG"),
        (None, 304, "DEBUG"),
        (None, 399, "DEBUG"),
        (None, 400, "INFO"),
        ("", 200, "DEBUG"),
    ],
)
def test_probes_and_static_files_are_details(caplog, route, status, level):
    record = record_of(caplog, route, status)
    assert (record.levelname, record.route, record.status) == (level, route or "none", status)


def test_a_user_is_logged_by_number_and_never_loaded_for_it(caplog):
    def fail():
        raise AssertionError("the log asked for the user")

    agent = User(pk=7)
    people = [
        ({}, None),
        ({"user": agent}, 7),
        ({"user": SimpleLazyObject(fail)}, None),
        ({"user": SimpleLazyObject(fail), "_cached_user": agent}, 7),
        ({"user": AnonymousUser()}, None),
    ]
    assert [record_of(caplog, "code", **values).user_id for values, _ in people] == [pk for _, pk in people]


def test_a_response_is_counted_by_a_known_method_and_the_class_of_its_status():
    def count(method, status):
        labels = {"route": "a", "method": method, "status": status}
        return REGISTRY.get_sample_value("codebook_requests_total", labels) or 0

    for method, status, label, kind in [
        ("GET", 204, "GET", "2xx"),
        ("SMUGGLE", 404, "other", "4xx"),
        ("PATCH", 500, "PATCH", "5xx"),
    ]:
        before = count(label, kind)
        metrics.count_response("a", method, status, 0.1)
        assert count(label, kind) == before + 1


def test_an_outage_is_an_error_that_is_being_handled():
    assert not outages.is_handled()
    assert not outages.is_away(None)
    try:
        raise outages.OperationalError("away")
    except outages.OperationalError:
        assert outages.is_handled()
    try:
        raise ValueError("no")
    except ValueError:
        assert not outages.is_handled()
