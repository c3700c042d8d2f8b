"""Charts: the bars, labels and legend of their figures."""

import pytest

from kb.queries.statistics import Chart
from kb.templatetags.charts import HEIGHT, LABELS, WIDTH, chart


def drawn(rows, drawn=(1, 2), across=False):
    return chart(Chart("slug", "Title", "Summary", ("Day", "Look-ups", "Covered"), rows, drawn, across))


def shapes(context):
    return [(bar.x, bar.y, bar.width, bar.height, bar.series) for bar in context["bars"]]


def test_upright_bars_share_the_width_and_the_highest_fills_the_height():
    context = drawn([("Mon", 10, 5), ("Tue", None, 0)])
    step = WIDTH / 2
    assert shapes(context) == [
        (step * 0.1, 0, step * 0.8, HEIGHT, 0),
        (step * 0.1, HEIGHT / 2, step * 0.5, HEIGHT / 2, 1),
        (step * 1.1, HEIGHT, step * 0.8, 0, 0),
        (step * 1.1, HEIGHT, step * 0.5, 0, 1),
    ]
    assert [bar.says for bar in context["bars"]] == [
        "Mon: look-ups 10",
        "Mon: covered 5",
        "Tue: look-ups nothing",
        "Tue: covered 0",
    ]
    assert (context["top"], context["first"], context["last"]) == (10, "Mon", "Tue")
    assert (context["height"], context["width"], context["labels"]) == (HEIGHT, WIDTH, [])
    assert context["legend"] == [(0, "Look-ups"), (1, "Covered")]


def test_bars_across_have_a_row_each_beside_their_labels():
    context = drawn([("1", 4, 1), ("2", 8, 0)], across=True)
    room = WIDTH - LABELS
    assert shapes(context) == [
        (LABELS, 3, room / 2, 16, 0),
        (LABELS, 3, room / 8, 10, 1),
        (LABELS, 25, room, 16, 0),
        (LABELS, 25, 0, 10, 1),
    ]
    assert context["labels"] == [("1", 15), ("2", 37)]
    assert context["height"] == 44


def test_only_the_drawn_columns_have_bars():
    assert [bar.says for bar in drawn([("Mon", 10, 500)], drawn=(1,))["bars"]] == ["Mon: look-ups 10"]
    assert drawn([("Mon", 10, 500)], drawn=(1,))["top"] == 10


@pytest.mark.parametrize(("rows", "first"), [([], ""), ([("Mon", None, None)], "Mon"), ([("Mon", 0, 0)], "Mon")])
def test_a_chart_without_figures_has_no_height(rows, first):
    for across in (False, True):
        context = drawn(rows, across=across)
        assert (context["top"], context["first"], context["last"]) == (0, first, first)
        assert {bar.height if not across else bar.width for bar in context["bars"]} <= {0}
