"""`lookup` and `detect` print what the parts of a code mean, and the code inside it."""

import io
import json

import pytest
from django.core.management import call_command

from tests import make

pytestmark = pytest.mark.django_db
SUMMARY = "It wraps the Windows error 1722."


def run(command, *arguments):
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command(command, *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def rpc():
    table = make.table("win32", vendor="Microsoft", product="Windows", name="System error codes")
    return make.code("1722", table, description="The RPC server is unavailable.")


def test_an_unknown_code_is_taken_apart(rpc):
    text = run("lookup", "0x800706BA")
    assert text.index("is not in any table") < text.index(SUMMARY) < text.index("The RPC server is unavailable.")
    answer = json.loads(run("lookup", "0x800706BA", "--json"))["anatomy"]
    assert answer["family"] == "HRESULT"
    assert answer["parts"][1] == {"name": "facility", "value": "7", "meaning": "WIN32: an error of Windows, wrapped"}
    (inner,) = answer["inner"]["meanings"]
    assert (inner["code"], inner["table"], inner["description"]) == ("1722", "win32", rpc.description)
    assert inner["url"].endswith(rpc.get_absolute_url())


def test_a_known_code_is_taken_apart():
    make.code("0x800706BA", make.table("hresult", vendor="Microsoft", product="Windows"))
    assert SUMMARY in run("lookup", "0x800706BA")
    answer = json.loads(run("lookup", "0x800706BA", "--json"))
    assert answer["anatomy"]["inner"] == {"family": "Windows error", "code": "1722", "meanings": []}


def test_codes_of_a_text_are_taken_apart(rpc, tmp_path):
    file = tmp_path / "a.log"
    file.write_text("installer failed with 0x800706BA; error code 1722")
    text = run("detect", str(file))
    assert SUMMARY in text
    answer = json.loads(run("detect", str(file), "--json"))
    assert answer["codes"][1]["anatomy"]["inner"]["code"] == "1722"
    assert answer["codes"][0]["anatomy"] is None
    assert (answer["codes"][1]["column"], answer["codes"][0]["column"]) == (23, 46)
    assert "Line 1, column 46" in text
    assert "not in any table; line 1, column 23" in text
