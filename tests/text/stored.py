"""Whole answers of the pure functions, stored one a line in `expected/`, and compared exactly.

To write them again after a change of the rules: `WRITE_EXPECTED=1 pytest tests/text`, then review the difference.
"""

import dataclasses
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("expected")


def check(name: str, inputs: Iterable[Any], answer: Callable[[Any], Any]) -> None:
    """Compare the answer for each input with the stored one."""
    rows = json.loads(json.dumps([[one, _plain(answer(one))] for one in dict.fromkeys(inputs)]))
    file = FOLDER / f"{name}.jsonl"
    if os.environ.get("WRITE_EXPECTED"):
        file.write_text("".join(json.dumps(row, ensure_ascii=True) + "\n" for row in rows), encoding="utf-8")
    stored = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [one for one, _ in rows] == [one for one, _ in stored], f"{file.name} has other inputs"
    wrong = [f"{row}\n  stored: {before[1]}" for row, before in zip(rows, stored, strict=True) if row != before]
    assert not wrong, "\n".join(wrong)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        # A field with its default tells nothing.
        return [
            _plain(own) for field in dataclasses.fields(value) if (own := getattr(value, field.name)) != field.default
        ]
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return sorted(value) if isinstance(value, set | frozenset) else value
