"""The size of a first visit."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from tests import make

pytestmark = pytest.mark.django_db
MOST = 60_000
"""Bytes, compressed: a page with its styles and scripts."""


@pytest.mark.parametrize("address", ["/", "/codes/zim-server/660300001/", "/?q=room", "/detect/"])
def test_a_first_visit_is_light_and_asks_no_third_party(public, room, address):
    make.note("Room is gone", room, resolution="Ask for the RoomId.\n" * 20, customer_reply="Hello")
    page = public.get(address).content
    loaded = re.findall(
        rb'(?:<script[^>]*src|<link[^>]*rel="(?:stylesheet|icon)"[^>]*href|<img[^>]*src)="([^"]+)"', page
    )
    assert all(name.startswith((b"/static/", b"data:")) for name in loaded)
    files = {name.decode().removeprefix("/static/").split("?")[0] for name in loaded if name.startswith(b"/static/")}
    assert files
    bodies = [page, *(Path(finders.find(name)).read_bytes() for name in files)]
    assert sum(len(gzip.compress(body)) for body in bodies) < MOST
