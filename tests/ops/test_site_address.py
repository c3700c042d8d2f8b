"""The address of the site, from its settings."""

import pytest

from kb.ops.site_address import site


@pytest.mark.parametrize(
    ("debug", "hosts", "address"),
    [
        (True, ["codebook.example"], "http://127.0.0.1:8000"),
        (False, ["codebook.example", "other.example"], "https://codebook.example"),
        (False, [".codebook.example"], "https://codebook.example"),
        (False, ["*", "codebook.example"], "https://codebook.example"),
        (False, ["*"], ""),
        (False, [], ""),
    ],
)
def test_the_first_host_that_has_a_name(debug, hosts, address, settings):
    settings.DEBUG, settings.ALLOWED_HOSTS = debug, hosts
    assert site() == address
