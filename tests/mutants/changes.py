"""Which small changes are tried, and where in the product each of them can be made.

The usual ones are Cosmic Ray's. Ours are what a person forgets in this product: a filter, a condition, a guard, a call.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators import (
    binary_operator_replacement,
    boolean_replacer,
    break_continue,
    comparison_operator_replacement,
    number_replacer,
    unary_operator_replacement,
    zero_iteration_for_loop,
)
from cosmic_ray.operators.operator import Example, Operator

from tests import ROOT

# What decides who may see or do something: none of these may survive.
PRIVACY = re.compile(
    r"visible_to|audience|PUBLIC|INTERNAL|is_public|public_read|has_perm|scope|\bmay_|\bcan_|require\(|is_staff"
    r"|is_superuser|is_authenticated|is_active|permission|validate_own"
)
HOW_MUCH = ("number plus or minus one", "plus to minus", "minus to plus")
# What only tells of what happened: leaving it out breaks no rule of the product.
ONLY_TELLS = re.compile(r"^\s*(log|logger|metrics|warnings)\.|^\s*(self\.)?(stdout|stderr)\.write")


class DropCall(Operator):
    """Leaves one link out of a chain of calls: `notes.visible_to(person).order_by("id")` without its `visible_to`."""

    NAMES = frozenset(
        "visible_to filter exclude select_for_update order_by distinct public strip lower casefold".split()
    )

    def mutation_positions(self, node):
        for _, trailer in self._links(node):
            yield trailer.start_pos, trailer.end_pos

    def mutate(self, node, index):
        at, _ = list(self._links(node))[index]
        del node.children[at : at + 2]
        return node

    def _links(self, node):
        if node.type != "atom_expr":
            return
        for at, (name, call) in enumerate(zip(node.children, node.children[1:], strict=False)):
            is_call = call.type == "trailer" and call.children[0].get_code() == "("
            is_name = name.type == "trailer" and name.children[0].get_code() == "."
            if is_call and is_name and name.children[1].value in self.NAMES:
                yield at, name

    @classmethod
    def examples(cls):
        return [Example("a.visible_to(b).first()", "a.first()"), Example("a.b.strip(c)", "a.b")]


class DropFilterKeyword(Operator):
    """Leaves one condition out of a query: `filter(table=table, retired=False)` without `retired=False`."""

    CALLS = frozenset(["filter", "exclude", "Q", "get", "When", "update"])

    def mutation_positions(self, node):
        for argument in self._keywords(node):
            yield argument.start_pos, argument.end_pos

    def mutate(self, node, index):
        gone = self._keywords(node)[index]
        at = node.children.index(gone)
        del node.children[max(at - 1, 0) : at + 1]
        if node.children[0].type == "operator" and node.children[0].value == ",":
            del node.children[0]
        return node

    def _keywords(self, node):
        if node.type != "arglist" or node.parent is None or node.parent.type != "trailer":
            return []
        before = node.parent.get_previous_sibling()
        name = before.children[-1].value if before.type == "trailer" else getattr(before, "value", None)
        if name not in self.CALLS:
            return []
        return [child for child in node.children if child.type == "argument" and child.children[1].get_code() == "="]

    @classmethod
    def examples(cls):
        return [Example("a.filter(b=1, c=2)", "a.filter( c=2)"), Example("a.filter(d, b=1)", "a.filter(d)")]


class DropCondition(Operator):
    """Leaves one side out of `a and b` or `a or b`."""

    def mutation_positions(self, node):
        if node.type in ("and_test", "or_test"):
            for child in node.children[::2]:
                yield child.start_pos, child.end_pos

    def mutate(self, node, index):
        del node.children[max(2 * index - 1, 0) : max(2 * index - 1, 0) + 2]
        if index == 0:
            node.children[0] = parso.parse(" " + node.children[0].get_code().lstrip())
        return node

    @classmethod
    def examples(cls):
        return [Example("x = a and b", "x = b"), Example("x = a or b or c", "x = a or c", occurrence=1)]


class DropGuard(Operator):
    """Never takes the branch of an `if`."""

    def mutation_positions(self, node):
        if isinstance(node, parso.python.tree.IfStmt) and "TYPE_CHECKING" not in node.children[1].get_code():
            yield node.children[1].start_pos, node.children[1].end_pos

    def mutate(self, node, index):
        node.children[1] = parso.parse(" False" + "\n" * node.children[1].get_code().count("\n"))
        return node

    @classmethod
    def examples(cls):
        return [Example("if a(b):\n    pass\n", "if False:\n    pass\n")]


class DropStatement(Operator):
    """Leaves out a call that stands alone: a lock, a record in the journal, a save."""

    def mutation_positions(self, node):
        if self._is_call(node) and not ONLY_TELLS.match(node.get_code()):
            yield node.start_pos, node.end_pos

    def mutate(self, node, index):
        prefix, lines = node.get_first_leaf().prefix, node.get_code(include_prefix=False).count("\n")
        return parso.parse(f"{prefix}()" if not lines else f"{prefix}(" + "\n" * lines + ")")

    def _is_call(self, node):
        parts = node.children if node.type == "atom_expr" else []
        stands_alone = node.parent is not None and node.parent.type == "simple_stmt"
        return stands_alone and parts and parts[-1].type == "trailer" and parts[-1].children[0].get_code() == "("

    @classmethod
    def examples(cls):
        return [Example("a.lock(b)\nc\n", "()\nc\n"), Example("x = a.lock(b)\n", "x = a.lock(b)\n")]


class ReplaceMembership(Operator):
    """Turns `in` into `not in`, and back."""

    def mutation_positions(self, node):
        for _, word in self._words(node):
            yield word.start_pos, word.end_pos

    def mutate(self, node, index):
        at, word = list(self._words(node))[index]
        node.children[at] = parso.parse(" not in" if word.get_code().strip() == "in" else " in")
        return node

    def _words(self, node):
        if node.type == "comparison":
            for at, word in enumerate(node.children):
                if at % 2 and word.get_code().strip() in ("in", "not in"):
                    yield at, word

    @classmethod
    def examples(cls):
        return [Example("a in b", "a not in b"), Example("a not in b", "a in b")]


def _comparison(start: str, end: str) -> Operator:
    return getattr(comparison_operator_replacement, f"ReplaceComparisonOperator_{start}_{end}")()


COMPARISONS = "Eq_NotEq NotEq_Eq Lt_LtE LtE_Lt Gt_GtE GtE_Gt Is_IsNot IsNot_Is".split()
OPERATORS: dict[str, Operator] = {
    "drop a call of a chain": DropCall(),
    "drop a keyword of a filter": DropFilterKeyword(),
    "drop one side of and/or": DropCondition(),
    "drop a guard": DropGuard(),
    "drop a statement": DropStatement(),
    "in/not in": ReplaceMembership(),
    **{f"comparison {pair}": _comparison(*pair.split("_")) for pair in COMPARISONS},
    "and to or": boolean_replacer.ReplaceAndWithOr(),
    "or to and": boolean_replacer.ReplaceOrWithAnd(),
    "True to False": boolean_replacer.ReplaceTrueWithFalse(),
    "False to True": boolean_replacer.ReplaceFalseWithTrue(),
    "negate a condition": boolean_replacer.AddNot(),
    "drop a not": unary_operator_replacement.ReplaceUnaryOperator_Delete_Not(),
    "plus to minus": binary_operator_replacement.ReplaceBinaryOperator_Add_Sub(),
    "minus to plus": binary_operator_replacement.ReplaceBinaryOperator_Sub_Add(),
    "number plus or minus one": number_replacer.NumberReplacer(),
    "break to continue": break_continue.ReplaceBreakWithContinue(),
    "continue to break": break_continue.ReplaceContinueWithBreak(),
    "loop never runs": zero_iteration_for_loop.ZeroIterationForLoop(),
}


@dataclass(frozen=True)
class Mutant:
    """One small change: where (file and line of it), and which occurrence of which operator."""

    file: str
    line: int
    operator: str
    occurrence: int

    def source(self) -> str | None:
        """Return the file with the change made, or None if it cannot be made."""
        return mutate_code((ROOT / self.file).read_text(), OPERATORS[self.operator], self.occurrence)

    def before(self) -> str:
        """Return the line as it is."""
        return (ROOT / self.file).read_text().splitlines()[self.line - 1].strip()

    @property
    def is_privacy(self) -> bool:
        """Whether the line decides who may see or do something. A number on it decides how much, not who."""
        return self.operator not in HOW_MUCH and bool(PRIVACY.search(self.before()))


def _annotations(tree) -> Iterator[tuple[int, int]]:
    """Yield the positions of annotations, where a change is none."""
    for node in ast_nodes(tree):
        if node.type in ("annassign", "tfpdef") or (node.type == "operator" and node.value == "->"):
            where = node.get_next_sibling() if node.type == "operator" else node.children[1]
            if node.type == "tfpdef":
                where = node.children[2]
            yield from (leaf.start_pos for leaf in ast_nodes(where))


def find_mutants(folders: list[str]) -> list[Mutant]:
    """Return every change that can be made to the Python files of `folders`, in their order."""
    found = []
    for folder in folders:
        path = ROOT / folder
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        for file in files:
            found += _mutants_of(file)
    return found


def _mutants_of(file: Path) -> Iterator[Mutant]:
    tree = get_ast(file.read_text())
    annotations = set(_annotations(tree))
    seen: dict[str, int] = defaultdict(int)
    for node in ast_nodes(tree):
        for name, operator in OPERATORS.items():
            for start, _ in operator.mutation_positions(node):
                if start not in annotations:
                    yield Mutant(file.relative_to(ROOT).as_posix(), start[0], name, seen[name])
                seen[name] += 1
