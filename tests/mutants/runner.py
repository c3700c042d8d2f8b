"""A plugin of pytest that runs chosen tests against one mutant after another, each in a process of its own.

Loading the product and collecting its tests takes seconds, so that is done once. Each mutant is put into a fork of it.
"""

import gc
import json
import os
import shutil
import signal
import traceback
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType

import pytest

READ_FROM, WRITE_TO, FRESH = "MUTANTS_READ_FROM", "MUTANTS_WRITE_TO", "MUTANTS_FRESH"
# Set on the code of a function, and not on that of a module or a class.
_IS_FUNCTION = 0x2


def _mend_loader(file, source):
    """Let a fresh process load `source` in place of what `file` holds."""
    of_file = SourceFileLoader.get_code

    def get_code(self, name):
        same = os.path.realpath(self.get_filename(name)) == file
        return compile(source, file, "exec", dont_inherit=True) if same else of_file(self, name)

    SourceFileLoader.get_code = get_code


if FRESH in os.environ:
    _mend_loader(*json.loads(Path(os.environ[FRESH]).read_text()))


class NeedsFreshProcess(Exception):
    """The change is outside of functions, so the module must be loaded anew."""


def _codes(code: CodeType):
    yield code
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _codes(part)


def _by_place(source, file):
    """Return the code of each function and class by its name and line, which small ones of one line may share."""
    found = {}
    for code in _codes(compile(source, file, "exec", dont_inherit=True)):
        found.setdefault((code.co_qualname, code.co_firstlineno), []).append(code)
    return found


def _says(code):
    values = [part for part in code.co_consts if not isinstance(part, CodeType)]
    return code.co_code, repr(values), code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars


def put_in(file: str, source: str) -> None:
    """Replace the changed functions of a loaded module.

    Raises:
        NeedsFreshProcess: More than bodies of functions differ.
    """
    old, new = _by_place(Path(file).read_text(), file), _by_place(source, file)
    bodies = {}
    for place, codes in new.items():
        before = old.get(place, [])
        if len(codes) == len(before) == 1 and _is_same_outside(codes[0], before[0]):
            bodies[place] = codes[0]
        elif codes != before:
            raise NeedsFreshProcess
    # The suite freezes what is loaded, and what is frozen is not listed.
    gc.unfreeze()
    for function in gc.get_objects():
        # Not `isinstance`: that asks a weak proxy for what may be gone.
        if type(function) is FunctionType and function.__code__.co_filename == file:
            body = bodies.get((function.__code__.co_qualname, function.__code__.co_firstlineno))
            if body is not None and len(body.co_freevars) == len(function.__code__.co_freevars):
                function.__code__ = body


def _is_same_outside(code, before):
    """Return whether only the body of a function differs, if anything."""
    is_body = code.co_flags & _IS_FUNCTION and code.co_freevars == before.co_freevars
    return bool(is_body) or _says(code) == _says(before)


class _Database:
    """A copy of the empty test database, put back after each mutant: a killed process leaves rows behind."""

    def __init__(self):
        from django.db import connection

        connection.close()
        self.path = Path(connection.settings_dict["NAME"])
        self.copy = self.path.with_suffix(".empty")
        self.made = self.path.exists()
        if self.made:
            shutil.copy(self.path, self.copy)

    def put_back(self):
        if not self.made:
            return
        for end in ("-wal", "-shm", "-journal"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)
        shutil.copy(self.copy, self.path)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """Serve mutants, instead of running the tests once."""
    if READ_FROM not in os.environ:
        return
    _make_database(session)
    database = _Database()
    by_name = {item.nodeid: item for item in session.items}
    with os.fdopen(int(os.environ[READ_FROM])) as asked, os.fdopen(int(os.environ[WRITE_TO]), "w") as told:
        for line in asked:
            work = json.loads(line)
            items = [by_name[name] for name in work["tests"] if name in by_name]
            told.write(json.dumps(_try(session, work, items)) + "\n")
            told.flush()
            database.put_back()
    os._exit(0)


def _make_database(session):
    """Run one test that uses the database, which makes it. It stays, because another test is said to follow."""
    with_database = [
        item for item in session.items if item.get_closest_marker("django_db") or "db" in item.fixturenames
    ]
    if not with_database:
        return
    item = with_database[0]
    other = session.items[0] if item is session.items[-1] else session.items[-1]
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=other)


def _try(session, work, items):
    """Run the tests in a fork, until one fails, and return what happened."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        os.setsid()
        _run_in_fork(session, work, items, write)
    os.close(write)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(child, signal.SIGKILL))
    signal.alarm(work["limit"])
    with os.fdopen(read) as answers:
        said = answers.read()
    signal.alarm(0)
    os.waitpid(child, 0)
    return json.loads(said) if said else {"outcome": "stopped"}


def _run_in_fork(session, work, items, write):
    answer = {"outcome": "survived"}
    try:
        if work["source"] is not None:
            put_in(work["file"], work["source"])
        for item, following in zip(items, [*items[1:], session.items[0]], strict=True):
            session.testsfailed = 0
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                answer = {"outcome": "caught", "by": item.nodeid}
                break
    except NeedsFreshProcess:
        answer = {"outcome": "fresh"}
    except BaseException:
        answer = {"outcome": "caught", "by": traceback.format_exc()[-300:]}
    os.write(write, json.dumps(answer).encode())
    os._exit(0)
