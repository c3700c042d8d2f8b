"""The shape of `kb` and `config`: one name means one thing, functions and files stay small, imports go one way."""

import ast
import re
from collections import defaultdict
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import combinations

import pytest

from tests import ROOT

PACKAGES = ("kb", "config")
LONGEST_FUNCTION, LONGEST_FILE = 40, 400
PARTICIPLES = {
    *("found", "said", "given", "made", "known", "kept", "told", "asked", "shown", "wanted", "named"),
    *("taken", "read", "meant", "seen", "moved", "written", "held"),
}
SHARE_OF_PARTICIPLES = 0.005
NOUNS_LIKE_PARTICIPLES = {
    *("searching", "importing", "exporting", "reading", "planning", "applying", "editing"),
}


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_ours(path):
    return not {"migrations", "vendor"} & set(path.parts)


@cache
def paths():
    """Return the file of every module of ours, by the module's name."""
    files = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return {name_of(path): path for path in files if is_ours(path)}


@cache
def texts():
    return {module: path.read_text(encoding="utf-8") for module, path in paths().items()}


@cache
def trees():
    return {module: ast.parse(text) for module, text in texts().items()}


def last_names():
    return sorted({module.rpartition(".")[2] for module in paths()})


def nodes(*kinds):
    """Yield (module, node) for every node of these kinds."""
    for module, tree in trees().items():
        yield from ((module, node) for node in ast.walk(tree) if isinstance(node, kinds))


def test_a_class_name_means_one_class():
    modules = defaultdict(list)
    for module, tree in trees().items():
        for node in tree.body:
            # Django prescribes these two.
            if isinstance(node, ast.ClassDef) and node.name not in ("Command", "Migration"):
                modules[node.name].append(module)
    assert {name: where for name, where in modules.items() if len(where) > 1} == {}


def root_of(word):
    return re.sub(r"(ing|ed|s|e)$", "", word)


def are_twins(one, other):
    return other == f"{one}s" or root_of(one) == root_of(other)


def test_no_two_module_names_are_nearly_the_same():
    assert [pair for pair in combinations(last_names(), 2) if are_twins(*pair)] == []


def is_participle(name):
    return name in PARTICIPLES or re.search(r"(ing|ed)$", name)


def test_modules_are_named_by_nouns():
    assert [name for name in last_names() if is_participle(name) and name not in NOUNS_LIKE_PARTICIPLES] == []


def test_variables_and_arguments_are_named_by_nouns():
    names = [(module, node.arg, node.lineno) for module, node in nodes(ast.arg)]
    names += [(module, node.id, node.lineno) for module, node in nodes(ast.Name) if isinstance(node.ctx, ast.Store)]
    participles = [f"{module}:{line} {name}" for module, name, line in names if name in PARTICIPLES]
    assert len(participles) <= SHARE_OF_PARTICIPLES * len(names), sorted(participles)


def base_of(module, node):
    """Return the module that `from ... import` names, with the dots of a relative import resolved."""
    if not node.level:
        return node.module
    package = module if paths()[module].name == "__init__.py" else module.rpartition(".")[0]
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - node.level + 1], *([node.module] if node.module else [])])


def closest(target):
    """Return the module of ours that holds the target; None for a library's."""
    while target and target not in paths():
        target = target.rpartition(".")[0]
    return target or None


def imports():
    """Return the modules of ours that each module imports, also inside its functions."""
    graph = defaultdict(set)
    for module, node in nodes(ast.Import):
        graph[module] |= {closest(alias.name) for alias in node.names}
    for module, node in nodes(ast.ImportFrom):
        graph[module] |= {closest(f"{base_of(module, node)}.{alias.name}") for alias in node.names}
    return {module: targets - {None, module} for module, targets in graph.items()}


def test_no_modules_import_each_other_in_a_circle():
    try:
        TopologicalSorter(imports()).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


def siblings(one, other):
    """Return the packages, or modules, side by side, that two modules are in; None where one holds the other."""
    ones, others = one.split("."), other.split(".")
    for depth, pair in enumerate(zip(ones, others, strict=False), 1):
        if pair[0] != pair[1]:
            return ".".join(ones[:depth]), ".".join(others[:depth])
    return None


def test_no_packages_import_each_other():
    pairs = {
        siblings(module, target): f"{module} -> {target}"
        for module, targets in imports().items()
        for target in targets
        # Every floor counts what it does; the counters import nothing of the product.
        if target != "kb.ops.metrics"
    }
    both = {(one, other) for one, other in pairs.keys() - {None} if one < other and (other, one) in pairs}
    assert {pair: (pairs[pair], pairs[pair[::-1]]) for pair in both} == {}


def test_functions_stay_short():
    lengths = {
        f"{module}.{node.name}": node.end_lineno - node.lineno + 1
        for module, node in nodes(ast.FunctionDef, ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_files_stay_readable():
    lengths = {name: len(text.splitlines()) for name, text in texts().items()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_every_citation_of_a_note_resolves():
    notes = [title for text in texts().values() for title in re.findall(r"(?m)^\s*# Note \[(.+)\]$", text)]
    citations = {title for text in texts().values() for title in re.findall(r"(?<!# )Note \[(.+?)\]", text)}
    assert sorted(notes) == sorted(citations)


def test_nothing_is_left_to_do():
    assert [name for name, text in texts().items() if re.search(r"\b(TODO|FIXME|XXX)\b", text)] == []
