"""Time to detect codes in 1 MB of text against 100,000 known codes, on one core; and whether the cost is linear.

Run with `python -m bench.detect`; `BENCH_SIZE` is the number of known codes. Each figure is the best of five, in
processor time. A dictionary stands for the look-up of candidates; a database adds one query for each few hundred
different candidates.
"""

import time
from collections.abc import Callable

from bench import shared
from kb.text.detection.judgement import candidates, judge
from kb.text.safety.mask import mask

MEGABYTE = 20_000 if shared.is_small() else 1_000_000
BUDGET_MS = 150
CODES = {str(660_000_000 + n): n for n in range(shared.size())} | {"0": -1, "3": -2, "ORA-942": -3}
RANGES = [(660_000_000 + n * 100_000, 660_099_999 + n * 100_000, n) for n in range(12)]

LINES = {
    "Spring log": "2025-07-15 10:00:00.{n:03} ERROR 12345 --- [nio-{n}] c.z.RoomService : create room failed, "
    'resp={{"Code":6600{n:05},"Message":"Room does not exist.","RequestId":"1234567890{n:05}"}}\n',
    "nginx log": '10.0.0.{n} - - [15/Jul/2025:10:00:00 +0000] "POST /api/{n} HTTP/1.1" 404 {n} "-" "curl/7.88.1" '
    "0.{n:03}\n",
    "pretty JSON": '{{\n  "Code": 6600{n:05},\n  "ErrList": [{{"UserId": "{n}", "SubCode": 6600{n:05}}}]\n}}\n',
    "English": "The customer {n} cannot join the room since yesterday; the error shown is not always the same.\n",
    "Chinese": "客户{n}反馈无法加入房间，错误码：6600{n:05}，请尽快处理。\n",
    "stack traces": "\tat com.acme.chat.Room{n}.create(Room{n}.java:{n}) ~[chat-2.16.{n}.jar:na]\n",
    "ids": "{n:09} 6600{n:05} 7{n:08}\n",
}
HOSTILE = {
    "digits": "1",
    "quotes": '"',
    "braces": "{",
    "Code": "Code",
    '"Code":': '"Code":',
    '"Code":660000003,': '"Code":660000003,',
    "660000003 ": "660000003 ",
    "letters e": "e",
    "capitals": "A",
    "error ": "error ",
    "backslashes": "\\",
    "codes in braces": "{" * 1900 + '"Code":660000003,' + "{" * 1900 + '"Code":660000004,',
    "one line": "x=3; code 660000003 and {y} ",
}


def texts(size: int) -> dict[str, str]:
    """Return the texts of each kind, `size` bytes each."""
    ordinary = {
        name: _cut("".join(line.format(n=n % 99_991) for n in range(size // (len(line) - 12) + 2)), size)
        for name, line in LINES.items()
    }
    return ordinary | {name: _cut(unit * (size // len(unit) + 1), size) for name, unit in HOSTILE.items()}


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")


def best(work: Callable[[], object]) -> float:
    """Return the milliseconds of the fastest of a few runs."""
    times = []
    for _ in range(shared.rounds(5)):
        start = time.process_time()
        work()
        times.append(1000 * (time.process_time() - start))
    return min(times)


def detect(text: str) -> int:
    """Detect the codes of a text; return how many candidates there were."""
    matches = candidates(text)
    judge(text, matches, CODES, RANGES)
    return len(matches)


def main() -> None:
    """Print one line for each kind of text."""
    half, whole = texts(MEGABYTE // 2), texts(MEGABYTE)
    print(f"bench.detect: database none, a dictionary of {len(CODES):,} codes; best of {shared.rounds(5)}; errors: 0")
    if shared.is_small():
        print("BENCH_SIZE is small: texts of 20 kB, and figures that mean nothing.")
    print(f"keys: {len(LINES) + len(HOSTILE)} texts, repeated; cache: none")
    print(f"{'1 MB of':20} {'detect ms':>9} {'0.5 MB':>7} {'ratio':>6} {'candidates':>11} {'mask ms':>8}")
    slow = []
    for name, text in whole.items():
        one, two = best(lambda text=half[name]: detect(text)), best(lambda text=text: detect(text))
        mask_time = best(lambda text=text: mask(text))
        print(f"{name:20} {two:9.0f} {one:7.0f} {two / one:6.1f} {detect(text):11} {mask_time:8.0f}")
        slow += [name] if two > BUDGET_MS else []
    print(f"over {BUDGET_MS} ms: {', '.join(slow) or 'none'}")


if __name__ == "__main__":
    main()
