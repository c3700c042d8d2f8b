"""Alerts and the dashboard ask for metrics that `/metrics` has, and each alert has its runbook."""

import json
import re
import shutil
import subprocess

import pytest
import yaml
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from kb.ops import metrics
from kb.ops.replicas.watch import WATCH, State
from tests import ROOT, make

ALERTS = yaml.safe_load((ROOT / "deploy" / "alerts.yml").read_text())
RULES = ALERTS["groups"][0]["rules"]
DASHBOARD = json.loads((ROOT / "deploy" / "dashboard.json").read_text())
PANELS = {panel["title"]: [target["expr"] for target in panel["targets"]] for panel in DASHBOARD["panels"]}
QUERIES = {rule["alert"]: [rule["expr"]] for rule in RULES} | PANELS
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
FROM_PROMETHEUS = {"job", "instance"}
"""Labels that Prometheus adds itself."""


@pytest.fixture
def measured(settings, monkeypatch):
    """What Prometheus gets after a page, a request to the API, an import and an error: labels by name of metric."""
    settings.KB_METRICS_TOKEN, settings.KB_PUBLIC_READ = "t" * 16, True
    make.code()
    client = Client()
    for path in ("/", "/api/v1/tables/"):
        assert client.get(path).status_code == 200
    metrics.count_response("start", "GET", 500, 0.1)
    metrics.count_cache_use("answers", True)
    metrics.count_refusal("page")
    metrics.IMPORT_SECONDS.labels("plan").observe(1)
    settings.REPLICAS = ["replica1"]
    monkeypatch.setattr(WATCH, "state", lambda: State({"replica1": 90}, primary=100, fresh_from=95))
    answer = client.get("/metrics", headers={"Authorization": "Bearer " + "t" * 16})
    assert answer.status_code == 200
    labels = {"up": set()}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels.items())
    return labels


@pytest.mark.django_db
@pytest.mark.parametrize("name", QUERIES)
def test_a_query_asks_for_metrics_and_labels_that_are_there(name, measured):
    for query in QUERIES[name]:
        selectors = re.findall(r"\b(up|codebook_\w+)(?:\{([^}]*)\})?", query)
        assert selectors, query
        for metric, conditions in selectors:
            assert metric in measured, f"/metrics has no {metric}"
            known = {label for label, _ in measured[metric]} | FROM_PROMETHEUS
            assert set(re.findall(r"(\w+)[=!]~?\"", conditions)) <= known
            for label, value in re.findall(r"(\w+)=\"([^\"]*)\"", conditions):
                assert label in FROM_PROMETHEUS or (label, value) in measured[metric], f"{metric} has no {value!r}"
        grouped = {word for group in re.findall(r"by \(([^)]*)\)", query) for word in group.split(", ")}
        assert grouped <= {label for metric, _ in selectors for label, _ in measured[metric]}


@pytest.mark.django_db
def test_every_metric_is_on_the_dashboard(measured):
    asked = set(re.findall(r"codebook_[a-z_]+", json.dumps(DASHBOARD)))
    ours = {re.sub("_(bucket|sum|count|created)$", "", name) for name in measured if name.startswith("codebook_")}
    families = {re.sub("_bucket$", "", name) for name in asked}
    assert {name.removesuffix("_total") for name in ours} == {name.removesuffix("_total") for name in families}


def test_every_alert_has_a_runbook_that_says_what_it_means_what_to_look_at_and_what_to_do():
    runbooks = dict(re.findall(r"(?ms)^### (Codebook\w+)\n(.*?)(?=^##|\Z)", OPERATING))
    assert [*runbooks] == [rule["alert"] for rule in RULES]
    for rule in RULES:
        name = rule["alert"]
        assert rule["annotations"]["runbook_url"] == f"docs/operating.md#{name.lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert re.findall(r"(?m)^- \*\*(.*?)\*\*", runbooks[name]) == ["It means:", "Look at:", "Do:"]


HEALTHY = {
    'up{job="codebook", instance="a"}': "1x30",
    'codebook_database_up{instance="a"}': "1x30",
    'codebook_primary_up{instance="a"}': "1x30",
    'codebook_replica_serves{instance="a", replica="replica1"}': "1x30",
    'codebook_index_lag{instance="a"}': "0x30",
    'codebook_buffered_lookups{instance="a"}': "20x30",
    'codebook_feed_sequence{instance="a"}': "100+1x30",
    'codebook_requests_total{route="start", status="2xx", method="GET"}': "0+6000x30",
    'codebook_requests_total{route="start", status="5xx", method="GET"}': "0+5x30",
    'codebook_request_seconds_bucket{route="start", le="1"}': "0+6000x30",
    'codebook_request_seconds_bucket{route="start", le="2.5"}': "0+6000x30",
    'codebook_request_seconds_bucket{route="start", le="+Inf"}': "0+6000x30",
    'codebook_request_seconds_bucket{route="admin:kb_tableimport_add", le="1"}': "0+0x30",
    'codebook_request_seconds_bucket{route="admin:kb_tableimport_add", le="+Inf"}': "0+6000x30",
}
"""A quarter of an hour of a server that is well, a sample every 30 s; its imports are long."""
FAILING = {
    "CodebookDown": {'up{job="codebook", instance="a"}': "0x30"},
    "CodebookNoDatabase": {'codebook_database_up{instance="a"}': "0x30"},
    "CodebookReadOnly": {'codebook_primary_up{instance="a"}': "0x30"},
    "CodebookReplicaAway": {'codebook_replica_serves{instance="a", replica="replica1"}': "0x30"},
    "CodebookErrors": {'codebook_requests_total{route="start", status="5xx", method="GET"}': "0+100x30"},
    "CodebookSlow": {'codebook_request_seconds_bucket{route="start", le="1"}': "0+5000x30"},
    "CodebookIndexBehind": {'codebook_index_lag{instance="a"}': "3x30"},
    "CodebookCountsWait": {'codebook_buffered_lookups{instance="a"}': "6000x30"},
    "CodebookFeedWentBack": {'codebook_feed_sequence{instance="a"}': "100x25 40x5"},
}


def alerts_of(name, series):
    """Return a test for promtool: after a quarter of an hour of this, one alert fires, or none does."""
    fires = [{"alertname": rule["alert"], "eval_time": "15m"} for rule in RULES if rule["alert"] != name]
    return {
        "interval": "30s",
        "input_series": [{"series": one, "values": values} for one, values in series.items()],
        "alert_rule_test": fires,
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{name}", alertstate="firing"}})',
                "eval_time": "15m",
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
        ]
        * (name is not None),
    }


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_each_alert_fires_for_its_failure_and_none_for_a_server_that_is_well(tmp_path):
    assert list(FAILING) == [rule["alert"] for rule in RULES]
    tests = [alerts_of(name, HEALTHY | failure) for name, failure in [(None, {}), *FAILING.items()]]
    shutil.copy(ROOT / "deploy" / "alerts.yml", tmp_path)
    (tmp_path / "tests.yml").write_text(yaml.safe_dump({"rule_files": ["alerts.yml"], "tests": tests}))
    for command in (["check", "rules", "alerts.yml"], ["test", "rules", "tests.yml"]):
        result = subprocess.run(["promtool", *command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
