"""Assistants are served by one thread each, which no browser's loop is in."""

import asyncio

import pytest


@pytest.fixture(autouse=True, scope="module")
def a_thread_without_a_loop():
    """Playwright leaves its loop in the thread of the tests that come after it; a server's threads have none.

    For the module: Django keeps other connections for a thread with a loop, so a test must not change it half-way.
    """
    left = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(left)
