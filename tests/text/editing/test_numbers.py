"""Numbers of a text that change."""

import pytest

from kb.text.editing.numbers import changed


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("At most 64 bytes.", "At most 256 bytes.", ["64 → 256 bytes"]),
        ("64 bytes, 10 times/second", "256 bytes, 20 times/second", ["64 → 256 bytes", "10 → 20 times/second"]),
        ("最多64字节", "最多256字节", ["64 → 256 字节"]),
        ("Up to 5% of calls", "Up to 10% of calls", ["5 → 10 %"]),
        ("In 1.5 s", "In 1.5 seconds", []),
        ("Retry in 5 s", "Contact us", []),
        ("Retry", "Retry", []),
        # Ranges, versions, dates.
        ("1-100 signs", "1-255 signs", ["1-100 → 1-255 signs"]),
        ("1~100个字符", "1~255个字符", ["100 → 255 个字符"]),
        ("since v2.1.0", "since v2.3.0", ["v2.1.0 → v2.3.0"]),
        ("as of 2031-01-03", "as of 2031-02-04", ["2031-01-03 → 2031-02-04"]),
        # The same number in another spelling, and another unit for the same number.
        ("1,000 users", "1000 users", []),
        ("1 000 users", "1\u202f000 users", []),
        ("1'000 users", "2'000 users", ["1'000 → 2'000 users"]),
        ("最大６４字节", "最大64字节。", []),
        ("0,5 s", "0.5 s", []),
        ("64 KB", "64 MB", ["64 KB → 64 MB"]),
        ("最多24小时", "最多24天", ["24 小时 → 24 天"]),
        ("64 kilobytes", "64 KB", []),
        # Links.
        ("See https://a.example/12, 3 times", "See https://a.example/13, 4 times", ["3 → 4 times"]),
    ],
)
def test_numbers_that_change_are_named(before, after, expected):
    assert [str(change) for change in changed(before, after)] == expected
