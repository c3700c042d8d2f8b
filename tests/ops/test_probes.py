"""What machines ask a server about itself, and who gets its numbers."""

import re
import threading
import time

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from kb.ops import metrics, readiness
from kb.ops.replicas.watch import WATCH, State
from kb.services import usage
from tests import make
from tests.config.test_settings import GOOD, start

REPORT_SOON = readiness.report_soon
TOKEN = "a-token-for-the-scraper"
OTHER_HOST = {"headers": {"Host": "10.1.2.3:8000"}}


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """Look at the database of the test's own transaction, which another thread does not see."""
    monkeypatch.setattr(readiness, "report_soon", readiness.report)


@pytest.fixture
def scraper(settings):
    settings.KB_METRICS_TOKEN = TOKEN
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


def figures(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return dict(re.findall(r"(?m)^([^#\s][^\n]*) ([-+\d.e]+)$", answer.content.decode()))


@pytest.fixture
def no_database(monkeypatch):
    def refuse(*_, **__):
        raise DatabaseError("password authentication failed for user kb_secret at db.internal")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    monkeypatch.setattr(connection, "cursor", refuse)


def test_probes_wait_for_one_look_and_not_for_long(monkeypatch):
    looks, goes_on = [], threading.Event()

    def report():
        looks.append(threading.get_ident())
        assert goes_on.wait(60)
        return [[], []]

    monkeypatch.setattr(readiness, "report", report)
    try:
        for _ in range(3):
            began = time.monotonic()
            assert REPORT_SOON() == [["The database did not answer within 0.7 s."], []]
            assert time.monotonic() - began < 5
        assert len(looks) == 1
    finally:
        goes_on.set()
    assert REPORT_SOON() == [[], []]


def test_healthz_needs_no_database(no_database):
    answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_a_ready_server_answers_200():
    make.code()
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "problems": []})
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_without_a_database_a_server_is_not_ready_and_reveals_no_secret(no_database):
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["The database does not answer (DatabaseError)."]
    assert b"secret" not in answer.content


@pytest.mark.django_db
def test_a_server_without_a_migration_is_not_ready(monkeypatch):
    monkeypatch.setattr(readiness, "released", lambda: {("kb", "9999_later"), ("kb", "0001_initial")})
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["Migrations are not applied, 1 of them. Run manage.py migrate."]


@pytest.mark.django_db
def test_a_server_with_an_outdated_index_is_not_ready():
    make.code()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM kb_search_word")
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert "differ by 1" in answer.json()["problems"][0]


@pytest.fixture
def watched(settings, monkeypatch):
    """Two replicas, in a state that the test says."""
    settings.REPLICAS = ["replica1", "replica2"]
    return lambda state: monkeypatch.setattr(WATCH, "state", lambda: state)


@pytest.mark.django_db
def test_a_server_names_its_bad_replicas_and_stays_ready(watched):
    watched(State({"replica1": 90}, primary=100, fresh_from=95))
    answer = Client().get("/readyz")
    said = ["replica2 does not answer.", "replica1 is more than 1 s behind and is not used."]
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "problems": said})


@pytest.mark.django_db
def test_metrics_have_the_state_and_the_lag_of_each_replica(watched, scraper):
    watched(State({"replica1": 90}, primary=100, fresh_from=95))
    found = figures(scraper)
    assert {name: found[name] for name in found if "replica" in name or "primary" in name} == {
        "codebook_primary_up": "1.0",
        'codebook_replica_serves{replica="replica1"}': "0.0",
        'codebook_replica_serves{replica="replica2"}': "0.0",
        'codebook_replica_behind_bytes{replica="replica1"}': "10.0",
    }
    watched(State({"replica1": 90}, primary=None, fresh_from=95))
    found = figures(scraper)
    assert (found["codebook_primary_up"], found['codebook_replica_serves{replica="replica1"}']) == ("0.0", "1.0")


def test_a_server_with_a_replica_is_ready_without_the_primary(watched, no_database):
    watched(State({"replica1": 90, "replica2": 90}, primary=None, fresh_from=90))
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["problems"] == ["The primary database is not available: reads work, writes do not."]


def test_without_any_database_a_server_is_not_ready(watched, no_database):
    watched(State({}, primary=None))
    assert Client().get("/readyz").status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_answer_by_ip_address_over_plain_http(path, settings):
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["codebook.example"], True
    assert Client().get(path, **OTHER_HOST).status_code == 200
    assert Client().post(path).status_code == 405


@pytest.mark.django_db
def test_every_response_has_a_request_id_also_of_probes():
    assert Client().get("/healthz", headers={"X-Request-ID": "probe-1"})["X-Request-ID"] == "probe-1"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "addresses", "asked", "status"),
    [
        ("", [], {}, 404),
        ("", [], {"HTTP_AUTHORIZATION": "Bearer "}, 404),
        (TOKEN, [], {}, 404),
        (TOKEN, [], {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}, 200),
        (TOKEN, [], {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}x"}, 404),
        (TOKEN, [], {"HTTP_AUTHORIZATION": "Bearer t\xf6ken"}, 404),
        ("", ["10.0.0.0/8"], {"REMOTE_ADDR": "10.9.9.9"}, 200),
        ("", ["10.0.0.0/8"], {"REMOTE_ADDR": "192.0.2.1"}, 404),
        ("", ["10.0.0.0/8"], {"REMOTE_ADDR": "10.9.9.9", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}, 404),
        ("", ["10.0.0.0/8"], {"REMOTE_ADDR": ""}, 404),
        ("", ["::1"], {"REMOTE_ADDR": "::1"}, 200),
    ],
)
def test_metrics_are_for_callers_in_the_settings(token, addresses, asked, status, settings):
    settings.KB_METRICS_TOKEN, settings.KB_METRICS_ADDRESSES = token, addresses
    answer = Client().get("/metrics", **asked)
    assert answer.status_code == status
    assert (b"codebook_requests" in answer.content) == (status == 200)


@pytest.mark.parametrize("header", [f"Token {TOKEN}", "Basic YTpi", "", "Bearer", TOKEN])
def test_metrics_say_which_scheme_they_take(header, settings):
    settings.KB_METRICS_TOKEN = TOKEN
    answer = Client().get("/metrics", headers={"authorization": header})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="codebook"')
    assert "Authorization: Bearer <token>" in answer.text
    assert TOKEN not in answer.text
    settings.KB_METRICS_TOKEN = ""
    assert Client().get("/metrics", headers={"authorization": header}).status_code == 404


@pytest.mark.django_db
def test_responses_are_counted_by_route_and_never_by_address(scraper):
    make.code("660300001")
    key = 'codebook_requests_total{method="GET",route="code",status="2xx"}'
    before = float(figures(scraper).get(key, 0))
    scraper.get("/codes/zim-server/660300001/?x=2099-01-01")
    scraper.get("/nowhere/secret-words/")
    scraper.generic("SMUGGLE", "/")
    after = figures(scraper)
    assert float(after[key]) == before + 1
    assert 'codebook_request_seconds_bucket{le="+Inf",route="code"}' in after
    everything = "\n".join(after)
    assert not re.search("660300001|secret-words|SMUGGLE|2099", everything)


@pytest.mark.django_db
def test_metrics_of_the_database_are_read_at_each_scrape(scraper, settings):
    code = make.code()
    usage.count_codes([code.pk])
    metrics.count_cache_use("answers", is_hit=True)
    found = figures(scraper)
    assert found["codebook_database_up"] == "1.0"
    assert found["codebook_feed_sequence"] == "0.0"
    assert found["codebook_index_lag"] == "0.0"
    assert found["codebook_sources_troubled"] == "0.0"
    assert found["codebook_buffered_lookups"] == "1.0"
    assert 'codebook_cache_lookups_total{cache="answers",result="hit"}' in found
    assert 'codebook_import_seconds_count{step="apply"}' in found
    assert usage.flush()
    assert figures(scraper)["codebook_buffered_lookups"] == "0.0"


def test_metrics_report_a_missing_database(scraper, no_database):
    assert figures(scraper)["codebook_database_up"] == "0.0"


@pytest.mark.django_db
def test_a_scrape_needs_few_queries(scraper, django_assert_num_queries):
    scraper.get("/metrics")
    with django_assert_num_queries(6):
        scraper.get("/metrics")
    with django_assert_num_queries(6):
        scraper.get("/readyz")


@pytest.mark.slow
def test_the_metrics_of_processes_add_up_without_dead_ones(tmp_path):
    """Two processes count and end; a third answers for all of them."""
    count = "from kb.ops import metrics as m; m.count_response('code', 'GET', 200, 0.1); m.BUFFERED.set(5)"
    ask = (
        "from django.test import Client; m.BUFFERED.set(1);"
        f"print(Client().get('/metrics', headers={{'Authorization': 'Bearer {TOKEN}'}}).content.decode())"
    )
    told = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "KB_METRICS_TOKEN": TOKEN, **GOOD}
    assert start("shell", "--no-imports", "-c", count, **told).returncode == 0
    result = start("shell", "--no-imports", "-c", f"{count}; {ask}", **told)
    assert result.returncode == 0, result.stderr
    assert 'codebook_requests_total{method="GET",route="code",status="2xx"} 2.0' in result.stdout
    assert "codebook_buffered_lookups 1.0" in result.stdout
