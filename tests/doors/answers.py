"""What a reader gets at a door: an answer as one value, so that two of them can be compared."""

import re

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kb.mcp import prompts, resources
from kb.mcp.server import call
from kb.mcp.tools import Caller, ToolRefused
from tests.api.all_requests import rows_of
from tests.doors.table import INCARNATION, Prompt, Tool, Uri

# The place in the feed counts every change: the public may learn that somebody changed something, and when. Validators
# of the API and the addresses, sizes and digests of a snapshot are made of it.
PLACE = re.compile(r'("(?:next|sequence|sha256|etag)": ?"?)(?:\w+-)?\w+|(\?since=)\w+-\d+')
EXPORTED = re.compile(rf"{INCARNATION}[npi]-[0-9]+")
PLACES = ("/api/v1/changes/", "/api/v1/snapshot/")
OWN = {"Set-Cookie", "ETag", "Last-Modified", "X-Sequence"}
CSRF = re.compile(r'(name="csrfmiddlewaretoken" value=")\w+')


class Visitor:
    """Somebody who opens doors: in a browser, as a program with a token, or as an assistant."""

    def __init__(self, user=None, secret=""):
        headers = {"X-Request-ID": "same"} | ({"Authorization": f"Bearer {secret}"} if secret else {})
        self.user, self.client = user, Client(headers=headers, raise_request_exception=False)
        if user and not secret:
            self.client.force_login(user)
        # The first response of a process takes queries that later ones do not.
        self.client.get("/")

    def ask_all(self, requests):
        """Return the answer to each of these requests, by the request's text."""
        return {str(one): self.ask(one) for one in requests}

    def ask(self, request):
        """Return status, headers, text and number of queries."""
        if isinstance(request, (Tool, Uri)):
            return self._assisted(request)
        with CaptureQueriesContext(connection) as queries:
            answer = self._send(request)
        headers = {name: value for name, value in answer.headers.items() if name not in OWN}
        return answer.status_code, headers, text_of(request, answer), len(queries)

    def _assisted(self, request):
        caller = Caller(self.user, lambda path: f"https://kb.example{path}")
        try:
            if isinstance(request, Uri):
                listed = resources.listed(caller).model_dump_json()
                return False, {}, listed if request.uri == "codebook://" else resources.read(request.uri, caller), 0
            if isinstance(request, Prompt):
                return False, {}, prompts.get(request.name, request.arguments, caller).messages[0].content.text, 0
        except ToolRefused as error:
            return True, {}, str(error), 0
        result = call(request.name, request.arguments, lambda: caller)
        return result.is_error, {}, result.content[0].text, 0

    def _send(self, request):
        if isinstance(request, str):
            return self.client.get(request)
        path, body = request
        return self.client.post(path, body, **({"content_type": "application/json"} if "/api/" in path else {}))


def text_of(request, answer):
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if "sqlite" in answer.headers.get("Content-Type", ""):
        return EXPORTED.sub("", str(rows_of(content)))
    text = CSRF.sub(r"\1", content.decode("utf-8", "replace"))
    return PLACE.sub(r"\1\2", text) if str(request).startswith(PLACES) else text


def words_around(word, answer):
    """Return the part of an answer with a word; empty if it does not have it."""
    _, headers, text, _ = answer
    whole = f"{headers}{text}".lower()
    at = whole.find(word)
    return whole[max(at - 80, 0) : at + 80] if at >= 0 else ""


def differences(one, other):
    """Return the parts in which two answers differ."""
    (status, headers, text, queries), (status_, headers_, text_, queries_) = one, other
    pairs = [(name, headers.get(name), headers_.get(name)) for name in {*headers, *headers_}]
    parts = [part for part in pairs if part[1] != part[2]]
    parts += [(a, b) for a, b in ((status, status_), (queries, queries_)) if a != b]
    return parts + ([_difference(text, text_)] if text != text_ else [])


def _difference(a, b):
    at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[max(at - 80, 0) : at + 80], b[max(at - 80, 0) : at + 80]
