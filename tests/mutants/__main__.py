"""`python -m tests.mutants`: try a random sample of mutants, and say which of them no test saw."""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests import ROOT
from tests.mutants.changes import Mutant, find_mutants
from tests.mutants.reached import KEPT, QUICK, Reached, reached
from tests.mutants.runner import FRESH, READ_FROM, WRITE_TO

FOLDERS = [f"kb/{name}" for name in ("models", "services", "queries", "importing", "searching", "text", "api")]
# What is declared when a module is loaded (fields, parameters, types) is compared whole by these.
DECLARATIONS = [
    "tests/models/test_migrations.py::test_no_migration_is_missing",
    "tests/api/test_schema.py::test_the_description_is_the_stored_one",
]
WORKERS = 2
# Seconds of tests for each mutant: few at first, many for what these did not catch.
FIRST, THEN = 5, 15


@dataclass
class Result:
    """What became of one mutant: the test that caught it, or how many tests ran without seeing it."""

    mutant: Mutant
    after: str
    outcome: str
    by: str = ""
    ran: list[str] = field(default_factory=list)
    reaching: int = 0


class Worker:
    """A process of pytest that holds the product and all its tests, and tries what it is sent."""

    def __init__(self, paths: list[str]):
        ask, self._ask = os.pipe()
        self._answer, tell = os.pipe()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.mutants.runner"]
        self.process = subprocess.Popen(
            [*command, "-m", QUICK, *paths],
            cwd=ROOT,
            env=os.environ | {READ_FROM: str(ask), WRITE_TO: str(tell)},
            pass_fds=[ask, tell],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(ask)
        os.close(tell)
        self._questions, self._answers = os.fdopen(self._ask, "w"), os.fdopen(self._answer)

    def run(self, file: str, source: str | None, tests: list[str], limit: int) -> dict:
        """Run these tests over the changed file, for at most `limit` seconds."""
        work = {"file": str(ROOT / file), "source": source, "tests": tests, "limit": limit}
        self._questions.write(json.dumps(work) + "\n")
        self._questions.flush()
        line = self._answers.readline()
        if not line:
            raise SystemExit("A worker ended. Run it alone to see why: python -m pytest -p tests.mutants.runner")
        return json.loads(line)


class Trial:
    """Tries mutants, each against the tests that run its line: the nearest and quickest first."""

    def __init__(self, lines: Reached, paths: list[str]):
        self._lines = lines
        self._paths = paths
        self._own = threading.local()
        # Tests that fail in a fork without any change say nothing there.
        self._unfit: dict[str, bool] = {}

    def result(self, mutant: Mutant) -> Result:
        """Return what became of one mutant."""
        source = mutant.source() or ""
        after = _difference(mutant, source)
        tests = self._lines.by_line(mutant.file, mutant.line)
        fresh = not tests
        tests = self._in_order(mutant, tests or self._lines.by_file(mutant.file))
        tests = [*DECLARATIONS, *tests] if fresh else tests
        if not tests:
            return Result(mutant, after, "survived")
        ran: list[str] = []
        # A new process costs ten seconds before its first test, so it is started once.
        for seconds in (THEN,) if fresh else (FIRST, THEN):
            chosen = self._at_most(tests, seconds)
            if len(chosen) == len(ran):
                break
            answer = self._run(mutant, source, chosen[len(ran) :], fresh)
            ran = chosen
            if answer["outcome"] != "survived":
                return Result(mutant, after, answer["outcome"], answer.get("by", ""), ran, len(tests))
        return Result(mutant, after, "survived", "", ran, len(tests))

    def _run(self, mutant, source, tests, fresh):
        tests = [test for test in tests if not self._unfit.get(test)]
        limit = 30 + 5 * int(sum(self._lines.seconds.get(test, 0) for test in tests))
        answer = {"outcome": "fresh"} if fresh else self._worker().run(mutant.file, source, tests, limit)
        if answer["outcome"] == "fresh":
            return _run_fresh(mutant.file, source, tests[:400], limit)
        by = answer.get("by", "")
        if by in tests and by not in self._unfit:
            self._unfit[by] = self._worker().run(mutant.file, None, [by], 60)["outcome"] != "survived"
            if self._unfit[by]:
                return self._run(mutant, source, tests, fresh)
        return answer

    def _worker(self):
        if not hasattr(self._own, "worker"):
            self._own.worker = Worker(self._paths)
        return self._own.worker

    def _in_order(self, mutant, tests):
        """Put the tests named for the module first, then those of its folder, and quick ones before slow ones."""
        path = Path(mutant.file.replace("kb/", "tests/", 1))
        seconds = self._lines.seconds

        def rank(test: str) -> tuple[bool, bool, float, str]:
            is_named = f"/test_{path.stem}.py::" in test
            return not is_named, not test.startswith(str(path.parent)), seconds.get(test, 1.0), test

        return sorted(tests, key=rank)

    def _at_most(self, tests, seconds):
        chosen, spent = [], 0.0
        for test in tests:
            spent += self._lines.seconds.get(test, 1.0)
            if chosen and spent > seconds:
                break
            chosen.append(test)
        return chosen


def _run_fresh(file, source, tests, limit):
    """Load the product anew with the change in it: for what is not in a function, or runs when a module is loaded."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as changed:
        json.dump([os.path.realpath(ROOT / file), source], changed)
        changed.flush()
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "tests.mutants.runner"]
        try:
            done = subprocess.run(
                [*command, *tests],
                cwd=ROOT,
                env=os.environ | {FRESH: changed.name},
                capture_output=True,
                text=True,
                timeout=limit + 60,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"outcome": "stopped"}
    if done.returncode == 0:
        return {"outcome": "survived"}
    if "ERROR: not found" in done.stderr:
        raise SystemExit(f"A test has no such name: {done.stderr[-500:]}")
    failed = [line.split(" ")[1] for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return {"outcome": "caught", "by": failed[0] if failed else "the product cannot be loaded"}


def _difference(mutant, source):
    lines = (ROOT / mutant.file).read_text().splitlines()
    for line, changed in zip(lines, source.splitlines(), strict=False):
        if line != changed:
            return " ".join(changed.split())
    return "(gone)"


def _equivalents() -> set[tuple[str, str, str]]:
    entries = tomllib.loads((Path(__file__).parent / "equivalents.toml").read_text())["change"]
    return {(entry["file"], " ".join(entry["before"].split()), " ".join(entry["after"].split())) for entry in entries}


def _is_known(result, known):
    return (result.mutant.file, " ".join(result.mutant.before().split()), result.after) in known


def _say(results, seconds, drawn_from):
    known = _equivalents()
    counted = [result for result in results if not _is_known(result, known)]
    survivors = [result for result in counted if result.outcome == "survived"]
    for result in survivors:
        mutant = result.mutant
        print(f"\n{mutant.file}:{mutant.line}: {mutant.operator}{' (PRIVACY)' if mutant.is_privacy else ''}")
        print(f"  - {' '.join(mutant.before().split())}\n  + {result.after}")
        names = ", ".join(result.ran[:3])
        print(f"  {len(result.ran)} of {result.reaching} tests that reach it ran{': ' + names if names else ''}")
    print(f"\n{len(results)} mutants of {drawn_from:,} were tried in {seconds / 60:.1f} minutes on SQLite.")
    print(f"{len(results) - len(counted)} of them change nothing that anybody can see (equivalents.toml).")
    for name, group in (
        ("all", counted),
        ("privacy and authorization", [result for result in counted if result.mutant.is_privacy]),
    ):
        caught = sum(result.outcome != "survived" for result in group)
        if group:
            print(f"Caught of {name}: {caught} of {len(group)}, {100 * caught / len(group):.1f} %")


def main() -> None:
    """Draw the sample, try it, print what survived."""
    ask = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    ask.add_argument("--count", type=int, default=300, help="how many mutants are drawn (default 300)")
    ask.add_argument("--seed", type=int, default=None, help="draw these again (default: other ones each time)")
    ask.add_argument("--only", nargs="+", default=FOLDERS, metavar="PATH", help="folders or files of the product")
    ask.add_argument("--tests", nargs="+", default=["tests"], metavar="PATH", help="folders or files of tests")
    ask.add_argument("--privacy", action="store_true", help="only what decides who may see or do something")
    choice = ask.parse_args()
    seed = choice.seed if choice.seed is not None else random.SystemRandom().randrange(10_000)
    mutants = find_mutants(choice.only)
    if choice.privacy:
        mutants = [mutant for mutant in mutants if mutant.is_privacy]
    sample = random.Random(seed).sample(mutants, min(choice.count, len(mutants)))
    lines = reached(choice.tests)
    print(f"Trying {len(sample)} mutants of {len(mutants):,}, drawn with --seed {seed}.", flush=True)
    start = time.monotonic()
    trial = Trial(lines, choice.tests)
    results = []
    with ThreadPoolExecutor(WORKERS) as pool:
        for result in pool.map(trial.result, sample):
            results.append(result)
            KEPT.joinpath("last.json").write_text(json.dumps([_as_json(result) for result in results], indent=1))
            if len(results) % 25 == 0:
                print(f"{len(results)} tried, {(time.monotonic() - start) / 60:.1f} minutes", flush=True)
    _say(results, time.monotonic() - start, len(mutants))


def _as_json(result):
    mutant = result.mutant
    words = {"before": mutant.before(), "after": result.after, "outcome": result.outcome, "by": result.by}
    return {"file": mutant.file, "line": mutant.line, "operator": mutant.operator, **words, "ran": len(result.ran)}


if __name__ == "__main__":
    main()
