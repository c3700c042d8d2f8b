"""Fixtures and helpers for the tests of the admin: logging in, and submitting a form as a browser does."""

import pytest
from django.forms import ModelMultipleChoiceField
from django.urls import reverse

from tests import make


@pytest.fixture
def as_user(client):
    """A function that logs somebody in and returns the browser."""

    def log_in(user):
        client.force_login(user)
        return client

    return log_in


@pytest.fixture
def room(db):
    """A code with a note, an incident and a range: something of each noun."""
    code = make.code("660300001", suggested_actions="Please check the RoomID.")
    make.note("Room is gone", code, resolution="Look *again*.")
    make.incident("Rooms fail to open", code)
    make.code_range()
    return code


def url(obj, view="change"):
    return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_{view}", args=[obj.pk])


def form_data(response, **changes):
    """Return the data that a browser would submit from a form, with some fields changed."""
    form = response.context["adminform"].form
    data = {}
    for bound in form:
        value = bound.value()
        if value is None or value is False or value == []:
            continue
        if hasattr(bound.field.widget, "widgets"):
            parts = value if isinstance(value, list) else bound.field.widget.decompress(value)
            data |= {f"{bound.html_name}_{n}": part for n, part in enumerate(parts) if part is not None}
        elif isinstance(bound.field, ModelMultipleChoiceField):
            # The widget shows, and so sends, only what its field offers.
            chosen = bound.field.queryset.filter(pk__in=[getattr(v, "pk", v) for v in value])
            data[bound.html_name] = [obj.pk for obj in chosen]
        else:
            data[bound.html_name] = value
    return data | changes


def edit(browser, obj, **changes):
    """Open an object's form, change some fields, save."""
    return browser.post(url(obj), form_data(browser.get(url(obj)), **changes))


def errors(response):
    return str(response.context["errors"])


def message_text(response):
    return " ".join(str(message) for message in response.wsgi_request._messages)
