"""Every code has an address and can be read back from it."""

import pytest
from django.urls import resolve, reverse
from django.utils.html import escape

from kb.web.paths import CodeConverter
from tests import make

CODES = [
    "660300001", "0", "00000", "-1000", "42P01", "0xC0000005", "X.7.1", "ORA-00001", "a/b", "a/", "/a", "a~1b", "~",
    "..", ".", "50%", "%2F", "100#2", "a?b=1", "a b", "a&b", "a+b", "<b>", '"q"', "'q'", "a\\b", "错误-1", "é", "a;b",
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("written", CODES)
def test_a_code_is_found_at_its_own_address_and_in_its_table(written, public):
    code = make.code(written, in_section="Öffentlich 公开")
    for address in (code.get_absolute_url(), reverse("code", args=["zim-server", written])):
        response = public.get(address)
        assert response.status_code == 200, address
        assert f'<h1><bdi class="code">{escape(written)}</bdi>' in " ".join(response.content.decode().split()).replace(
            "<h1> <bdi", "<h1><bdi"
        ).replace("</bdi> </h1>", "</bdi></h1>")


@pytest.mark.parametrize("written", CODES)
def test_a_segment_decodes_to_its_code(written):
    converter = CodeConverter()
    segment = converter.to_url(written)
    assert converter.to_python(segment) == written
    assert "/" not in segment
    assert segment not in (".", "..")


def test_two_codes_never_share_an_address():
    assert len({CodeConverter().to_url(code) for code in CODES}) == len(CODES)


@pytest.mark.django_db
def test_a_slash_that_was_typed_into_the_address_works(public):
    make.code("a/b")
    assert public.get("/codes/zim-server/a/b/").status_code == 200
    assert public.get("/codes/zim-server/a%2Fb/").status_code == 200


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/", "start"),
        ("/tables/zim-server/", "table"),
        ("/codes/zim-server/1/", "code"),
        ("/codes/zim-server/section/1/", "section-code"),
        ("/notes/7/", "note"),
        ("/login/", "login"),
        ("/logout/", "logout"),
    ],
)
def test_public_addresses_are_unchanged(address, name):
    assert resolve(address).url_name == name
