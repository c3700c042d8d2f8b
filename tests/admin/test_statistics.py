"""Knowledge health: charts, CSV figures and the banner of a burst."""

import csv
import io
import re

import pytest
from django.utils import timezone

from kb.models import CodeUse, Miss
from kb.queries.statistics import CHARTS
from tests import make
from tests.admin.conftest import form_data

pytestmark = pytest.mark.django_db
HOSTILE = '=cmd|"/c calc"!A1 <script>alert(1)</script>'


@pytest.fixture
def burst():
    code = make.code("660300001", description=HOSTILE)
    CodeUse.objects.create(code=code, day=timezone.now().date(), lookups=86, covered=40)
    Miss.objects.create(text="=1+1", day=timezone.now().date(), lookups=2)
    return code


def test_each_chart_has_a_drawing_a_name_and_its_figures(as_user, editor, burst):
    page = as_user(editor).get("/admin/health/").content.decode()
    for slug in CHARTS:
        assert f'id="chart-{slug}"' in page
        assert f"/admin/health/{slug}.csv" in page
    assert page.count("<summary>Show the numbers") == len(CHARTS)
    assert "<script>alert" not in page
    assert not re.search(r"\sstyle=", page)


def test_a_bar_has_its_value_as_title(as_user, editor, burst):
    page = as_user(editor).get("/admin/health/").content.decode()
    today = f"{timezone.now():%Y-%m-%d}"
    assert f"<title>{today}: look-ups 86</title>" in " ".join(page.split()).replace("> <", "><")
    assert f"<title>{today}: with a validated note 40</title>" in page


def test_an_empty_site_shows_that_there_is_nothing_to_draw(as_user, editor):
    page = as_user(editor).get("/admin/health/").content.decode()
    assert page.count("No data yet") == len(CHARTS)


@pytest.mark.parametrize("slug", CHARTS)
def test_figures_are_exported_as_csv_with_formulas_defused(as_user, editor, burst, slug):
    answer = as_user(editor).get(f"/admin/health/{slug}.csv")
    assert answer["Content-Type"].startswith("text/csv")
    header, *rows = csv.reader(io.StringIO(answer.content.decode()))
    assert all(len(row) == len(header) for row in rows)
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


def test_hostile_words_are_complete_in_the_csv(as_user, editor, burst):
    rows = list(csv.reader(io.StringIO(as_user(editor).get("/admin/health/codes.csv").content.decode())))
    assert rows[1] == ["660300001", "86", "40", f"'{HOSTILE}"]


def test_an_unknown_chart_is_not_found(as_user, editor):
    assert as_user(editor).get("/admin/health/nothing.csv").status_code == 404


def test_staff_without_permissions_see_no_figures(as_user, idle_staff, burst):
    browser = as_user(idle_staff)
    assert browser.get("/admin/health/").status_code == 403
    assert browser.get("/admin/health/lookups.csv").status_code == 403
    assert "86 look-ups" not in browser.get("/admin/").content.decode()


def test_a_burst_is_on_top_of_the_first_page_and_prefills_an_incident(as_user, editor, burst):
    browser = as_user(editor)
    page = browser.get("/admin/").content.decode()
    assert "86 look-ups today, usually 0" in page
    link = re.search(r'href="(/admin/kb/incidentlink/add/\?codes=\d+)"', page)[1]
    assert form_data(browser.get(link))["codes"] == [burst.pk]


def test_only_staff_see_a_burst_on_the_card(as_user, editor, agent, client, burst, settings):
    settings.KB_PUBLIC_READ = True
    said, address = "86 look-ups today, usually 0", burst.get_absolute_url()
    assert said in as_user(editor).get(address).content.decode()
    assert said not in as_user(agent).get(address).content.decode()
    client.logout()
    assert said not in client.get(address).content.decode()
