"""The command that breaks the product makes just the change it says, in the functions that are loaded."""

import importlib.util

import pytest
from cosmic_ray.mutating import mutate_code

from tests.mutants import changes, runner
from tests.mutants.changes import OPERATORS, find_mutants

OURS = [operator for operator in OPERATORS.values() if type(operator).__module__ == changes.__name__]
EXAMPLES = [(operator, example) for operator in OURS for example in operator.examples()]
NAMES = [f"{type(operator).__name__}: {example.pre_mutation_code!r}" for operator, example in EXAMPLES]
LOADED = """
LIMIT = 3

def few(values):
    return [value for value in values if value < LIMIT]

def outer(add):
    return lambda value: value + add
"""


@pytest.mark.parametrize(("operator", "example"), EXAMPLES, ids=NAMES)
def test_an_operator_makes_its_change(operator, example):
    changed = mutate_code(example.pre_mutation_code, operator, example.occurrence)
    assert (changed or example.pre_mutation_code) == example.post_mutation_code


def test_what_a_change_leaves_is_python():
    for mutant in find_mutants(["kb/text/codes/cells.py", "kb/services/usage.py"])[::12]:
        compile(mutant.source(), mutant.file, "exec")


@pytest.fixture
def loaded(tmp_path):
    path = tmp_path / "loaded.py"
    path.write_text(LOADED)
    spec = importlib.util.spec_from_file_location("loaded", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_changed_function_is_put_in_where_it_is_loaded(loaded):
    add_one = loaded.outer(1)
    runner.put_in(loaded.__file__, LOADED.replace("<", "<=").replace("value + add", "value - add"))
    assert loaded.few([2, 3, 4]) == [2, 3]
    assert add_one(5) == loaded.outer(1)(5) == 4


@pytest.mark.parametrize(("before", "after"), [("LIMIT = 3", "LIMIT = 4"), ("value + add", "value + value")])
def test_what_is_not_the_body_of_a_function_alone_asks_for_a_new_process(loaded, before, after):
    with pytest.raises(runner.NeedsFreshProcess):
        runner.put_in(loaded.__file__, LOADED.replace(before, after))
    assert loaded.few([2, 3, 4]) == [2]
