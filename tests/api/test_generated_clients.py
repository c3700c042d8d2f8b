"""Clients that generators make from the description work against a server, and linters find nothing in it."""

import importlib
import json
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

from kb.api.resources.downloads import ENDINGS
from kb.models.fields import CODE_MEMBERS
from kb.models.tokens import Scope
from kb.services import tokens
from tests import make

pytestmark = pytest.mark.slow
LINTERS = Path(__file__).with_name("linters")
ZIM = settings.BASE_DIR / "fixtures/zim_server_en.csv"
CODES = 129


@pytest.fixture(scope="module")
def description(tmp_path_factory):
    """The path of the description as a file."""
    path = tmp_path_factory.mktemp("description") / "codebook.json"
    path.write_text(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
    return path


@pytest.fixture(scope="module")
def package(description, tmp_path_factory):
    """The package of a client by openapi-python-client."""
    pytest.importorskip("openapi_python_client")
    folder = tmp_path_factory.mktemp("client")
    # Without the configuration of its own, it would format the client with whatever is on PATH.
    config = folder / "config.yaml"
    config.write_text("post_hooks: []\n")
    where = ["--path", description, "--output-path", folder / "codebook_client", "--config", config]
    command = [sys.executable, "-m", "openapi_python_client", "generate", *where, "--meta", "none"]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    sys.path.insert(0, str(folder))
    yield "codebook_client"
    sys.path.remove(str(folder))


@pytest.fixture
def call(package, live_server, tmp_path, transactional_db):
    """Return a function that calls an operation of the client against a server with the ZIM table."""
    make.table("zim-server")
    call_command("import_table", str(ZIM), table="zim-server", apply=True, stdout=StringIO())
    library = importlib.import_module(package)
    client = library.Client(live_server.url)

    def call_operation(tag, operation, *args, secret="", **values):
        module = importlib.import_module(f"{package}.api.{tag}.{operation}")
        caller = library.AuthenticatedClient(live_server.url, secret) if secret else client
        return module.sync_detailed(*args, client=caller, **values)

    call_operation.models = importlib.import_module(f"{package}.models")
    return call_operation


def test_a_generated_client_pages_all_codes_and_reads_each(call):
    codes, cursor = [], {}
    while cursor is not None:
        page = call("codes", "list_codes", page_size=50, **cursor).parsed
        codes += page.results
        cursor = {"cursor": httpx.URL(page.next_).params["cursor"]} if page.next_ else None
    assert len({code.id for code in codes}) == CODES
    assert {name: getattr(codes[0], name) is not None for name in ("section", "disposition", "url", "vendor")}
    detail = call("codes", "get_code", codes[0].id).parsed
    assert (detail.code, detail.section.slug, detail.disposition.value) == (
        codes[0].code, codes[0].section.slug, codes[0].disposition.value,
    )  # fmt: skip


def test_a_generated_client_looks_up_detects_and_searches(call):
    models = call.models
    body = models.LookupCodesBody(codes=["660300001", 3, "nonsense"])
    include = [models.LookupCodesIncludeItem.ACTIONS, models.LookupCodesIncludeItem.REPLY]
    body.include = [models.LookupCodesBodyIncludeItem(word.value) for word in include]
    verdicts = call("look_ups", "lookup_codes", body=body).parsed.verdicts
    assert [verdict.verdict.value for verdict in verdicts] == ["known_without_note", "known_without_note", "unknown"]
    assert verdicts[0].meanings[0].actions[0].text == verdicts[0].meanings[0].suggested_actions
    body = models.DetectCodesJsonBody(text="login failed, code=660300001")
    (code,) = call("look_ups", "detect_codes", body=body).parsed.codes
    assert code.meanings[0].section.name == verdicts[0].meanings[0].section.name
    assert call("look_ups", "search", q="room").parsed.results


def test_a_generated_client_starts_a_copy_and_follows_it(call):
    lines = [json.loads(line) for line in call("synchronisation", "get_snapshot").content.splitlines()]
    assert sum(line.get("noun") == "code" for line in lines) == CODES
    assert call("synchronisation", "get_snapshot_manifest").parsed.counts["code"] == CODES
    page = call("synchronisation", "list_changes", limit=1000).parsed
    assert {entry.noun.value for entry in page.results} >= {"code", "section"}


def secret_of(person):
    """Return a new token that may do everything."""
    return tokens.create(person, "client", list(Scope.values), None)[1]


def is_file(content, ending):
    """Whether the bytes are a file of that format with the codes of ZIM."""
    if ending in ("xlsx", "sqlite"):
        return content.startswith({"xlsx": b"PK", "sqlite": b"SQLite format 3"}[ending])
    return b"660300001" in content


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_generated_client_exports_a_table_in_each_format(call, admin, ending):
    choice = call.models.ExportTableEnding(ending)
    answer = call("exports", "export_table", "zim-server", choice, secret=secret_of(admin))
    assert is_file(answer.parsed.payload.read(), ending)


def test_a_generated_client_exports_everything_and_reads_a_snapshot(call, admin):
    ending = call.models.ExportEverythingEnding.SQLITE
    answer = call("exports", "export_everything", ending, secret=secret_of(admin))
    assert is_file(answer.parsed.payload.read(), "sqlite")
    assert b"660300001" in call("synchronisation", "get_snapshot").parsed.payload.read()


@pytest.fixture(scope="module")
def generator_package(description, tmp_path_factory):
    """The package of a client by openapi-generator."""
    program = shutil.which("openapi-generator-cli")
    if program is None or shutil.which("java") is None:
        pytest.skip("openapi-generator-cli or Java is not installed: `pip install openapi-generator-cli`")
    for library in ("urllib3", "dateutil", "pydantic"):
        pytest.importorskip(library)
    folder = tmp_path_factory.mktemp("generator")
    options = ["--input-spec", str(description), "--generator-name", "python", "--package-name", "codebook_generated"]
    command = [program, "generate", *options, "--output", str(folder)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    sys.path.insert(0, str(folder))
    yield "codebook_generated"
    sys.path.remove(str(folder))


def test_a_client_of_openapi_generator_gets_files(generator_package, call, live_server, admin):
    library = importlib.import_module(generator_package)
    configuration = library.Configuration(host=live_server.url, access_token=secret_of(admin))
    client = library.ApiClient(configuration)
    exports = library.ExportsApi(client)
    for ending in ENDINGS:
        assert is_file(exports.export_table("zim-server", ending), ending)
    assert is_file(exports.export_everything("sqlite"), "sqlite")
    assert b"660300001" in library.SynchronisationApi(client).get_snapshot()
    assert len(library.CodesApi(client).list_codes(page_size=50, table=["zim-server"]).results) == 50


def test_a_problem_has_its_type(call):
    models = call.models
    answer = call("look_ups", "lookup_codes", body=models.LookupCodesBody(codes=[]))
    assert isinstance(answer.parsed, models.Problem)
    assert answer.parsed.errors[0].parameter == "codes"


def test_a_value_that_came_later_is_no_error(package):
    models = importlib.import_module(f"{package}.models")
    later = {"code": "a_later_kind", "type": "https://codebook.example.com/api/problems/a_later_kind/"}
    others = {"title": "Later", "status": 400, "detail": "", "errors": [], "instance": "/", "request_id": ""}
    assert models.Problem.from_dict(later | others).code == "a_later_kind"
    assert models.Disposition.from_dict({"value": "unknown", "origin": "later"}).origin == "later"


def test_fields_takes_even_what_is_required_away(call):
    """The description of `fields` says that a client which checks answers must leave it out."""
    models = call.models
    with pytest.raises(KeyError, match=CODE_MEMBERS[0]):
        call("codes", "list_codes", fields=[models.ListCodesFieldsItem.CODE], page_size=1)


def test_datamodel_code_generator_reads_every_component(description, tmp_path):
    generator = shutil.which("datamodel-codegen") or Path(sys.executable).with_name("datamodel-codegen")
    if not Path(generator).exists():
        pytest.skip("datamodel-code-generator is not installed")
    output = tmp_path / "models.py"
    kind = ["--input-file-type", "openapi", "--output-model-type", "pydantic_v2.BaseModel"]
    subprocess.run(
        [str(generator), "--input", str(description), "--output", str(output), *kind, "--formatters", "builtin"],
        check=True,
        capture_output=True,
    )
    names = json.loads(description.read_text())["components"]["schemas"]
    text = output.read_text()
    assert [name for name, one in names.items() if "properties" in one and f"class {name}(" not in text] == []


@pytest.mark.parametrize(
    ("program", "options"),
    [("redocly", ["lint", "--format", "json", "--config"]), ("spectral", ["lint", "--format", "json", "--ruleset"])],
)
def test_a_linter_finds_nothing(description, program, options):
    where = shutil.which(program)
    if where is None:
        pytest.skip(f"{program} is not installed: `npm install --global @redocly/cli @stoplight/spectral-cli`")
    result = subprocess.run(
        [where, *options, str(LINTERS / f"{program}.yaml"), str(description)], capture_output=True, text=True
    )
    start = result.stdout.index("{" if program == "redocly" else "[")
    found, _ = json.JSONDecoder().raw_decode(result.stdout[start:])
    problems = found["problems"] if program == "redocly" else found
    assert (problems, result.returncode) == ([], 0)
