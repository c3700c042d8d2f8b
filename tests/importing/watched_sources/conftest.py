import pytest

from tests.importing.watched_sources.site import vendor_site


@pytest.fixture
def site(settings):
    with vendor_site() as site:
        settings.KB_FETCH_PORTS = [site.port]
        settings.KB_FETCH_NETWORKS = ["127.0.0.1/32"]
        settings.KB_FETCH_HOSTS = []
        settings.KB_FETCH_SECONDS = 5
        yield site
