"""Requests to the whole site as a server sends them, with the response cache in front."""

import io
import json
from wsgiref.util import setup_testing_defaults

from django.test import Client
from prometheus_client import REGISTRY

from config.wsgi import application


class Answer:
    """An answer as it is sent."""

    def __init__(self, status, headers, body):
        self.status = int(status.split()[0])
        self.headers = dict(headers)
        self.body = body

    @property
    def codes(self):
        return sorted(code["code"] for code in json.loads(self.body)["results"])

    @property
    def parts(self):
        """Everything that a caller can see."""
        return self.status, self.headers, self.body


def environ_of(path, token="", method="GET", **headers):
    path, _, query = path.partition("?")
    environ = {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": method, "HTTP_HOST": "testserver"}
    environ |= {"wsgi.input": io.BytesIO(), "REMOTE_ADDR": "192.0.2.1"}
    environ |= {
        name if "." in name or name.isupper() else f"HTTP_{name.upper()}": value for name, value in headers.items()
    }
    if token:
        environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    setup_testing_defaults(environ)
    return environ


def ask(path="/api/v1/codes/", token="", method="GET", site=application, **headers):
    """Return the answer of the whole site, with the cache in front."""
    start = []
    chunks = site(
        environ_of(path, token, method, **headers), lambda status, headers, *error: start.extend([status, headers])
    )
    body = b"".join(chunks)
    getattr(chunks, "close", lambda: None)()
    return Answer(*start, body)


def session_of(user):
    """Return the cookie of somebody who is logged in."""
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


def hits():
    """Return how many answers came from memory so far."""
    return REGISTRY.get_sample_value("codebook_cache_lookups_total", {"cache": "api", "result": "hit"}) or 0


def is_from_memory(**request):
    """Whether the answer to a request comes from memory."""
    before = hits()
    ask(**request)
    return hits() > before
