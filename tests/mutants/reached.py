"""Which tests run a line, and how long each takes: measured once for each state of the product and its tests."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from xml.etree import ElementTree

from coverage import CoverageData

from tests import ROOT

_GROUP = re.compile(r"(?<=[\w\]])@\w+$")
KEPT = ROOT / ".mutants"
# Chromium and started servers run the product in other processes, where no mutant is.
QUICK = "not browser and not slow and not soak"


@dataclass(frozen=True)
class Reached:
    """The tests by the lines they run, and the seconds of each."""

    tests: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    def by_line(self, file: str, line: int) -> list[str]:
        """Return the tests that run this line."""
        return self.tests.get(file, {}).get(line, [])

    def by_file(self, file: str) -> list[str]:
        """Return the tests that run any line of this file."""
        return sorted({test for tests in self.tests.get(file, {}).values() for test in tests})


def reached(paths: list[str]) -> Reached:
    """Run the tests under `paths` (measured before: read what was kept) and return what they reach.

    Raises:
        SystemExit: The tests do not run at all.
    """
    kept = KEPT / f"{_state(paths)}.json"
    if not kept.exists():
        print("Running the tests to learn which of them run which lines.", flush=True)
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(_measure(paths, kept.with_suffix(""))))
    tests, seconds = json.loads(kept.read_text())
    lines = {file: {int(line): names for line, names in by_line.items()} for file, by_line in tests.items()}
    return Reached(lines, seconds)


def _state(paths: list[str]) -> str:
    state = hashlib.sha256(" ".join(paths).encode())
    for folder in ("kb", "config", "tests", "templates", "fixtures"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and "mutants" not in file.parts:
                state.update(str(file).encode() + file.read_bytes())
    return state.hexdigest()[:16]


def _measure(paths, base):
    options = ["--cov=kb", "--cov-context=test", "--cov-report=", f"--junitxml={base}.xml", "-m", QUICK]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", *options, *paths]
    environment = os.environ | {"COVERAGE_FILE": f"{base}.coverage", "COVERAGE_CORE": "ctrace"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"The tests do not run:\n{done.stdout[-3000:]}{done.stderr[-2000:]}")
    seconds, failed = {}, set()
    for case in ElementTree.parse(f"{base}.xml").iter("testcase"):
        name = _node(case.get("classname"), case.get("name"))
        seconds[name] = float(case.get("time"))
        if case.find("failure") is not None or case.find("error") is not None:
            failed.add(name)
    if failed:
        print("Left out, because they fail without any change:", *sorted(failed), sep="\n  ", flush=True)
    data = CoverageData(f"{base}.coverage")
    data.read()
    tests = {}
    for file in data.measured_files():
        name = os.path.relpath(file, ROOT)
        tests[name] = defaultdict(set)
        for line, contexts in data.contexts_by_lineno(file).items():
            tests[name][line] |= {
                _without_group(context.rpartition("|")[0]) for context in contexts if context
            } - failed
    return {file: {line: sorted(names) for line, names in lines.items()} for file, lines in tests.items()}, seconds


def _node(module, name):
    return _without_group(f"{module.replace('.', '/')}.py::{name}")


def _without_group(test):
    """Return the name of a test as it is without xdist, which adds the group of tests that run in one process."""
    return _GROUP.sub("", test)
