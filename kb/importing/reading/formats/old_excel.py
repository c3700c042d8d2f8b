"""How far the cells of an old Excel file (.xls) reach, counted before anything takes memory for them."""

import struct
from collections.abc import Iterator

_END = 0xFFFFFFFA
"""The numbers from here on are marks, not sectors."""

_BOF = 0x809
_ROW_CELLS = {0x06, 0xBD, 0xBE, 0x201, 0x203, 0x204, 0x205, 0x27E, 0xFD, 0xD6}
_MANY_CELLS = {0xBD, 0xBE}


def cells_of(data: bytes) -> int:
    """Return how many cells the sheets reach over, each from its first cell to its last; 0 for a broken file."""
    try:
        stream = _stream(data)
    except (struct.error, IndexError, ValueError):
        return 0
    total, at, rows, columns = 0, 0, 0, 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        if kind & 0xFF == _BOF & 0xFF:
            total, rows, columns = total + rows * columns, 0, 0
        elif kind in _ROW_CELLS and length >= 4 and at + 8 <= len(stream):
            row, column = struct.unpack_from("<HH", stream, at + 4)
            if kind in _MANY_CELLS and at + 4 + length <= len(stream):
                (column,) = struct.unpack_from("<H", stream, at + 2 + length)
            rows, columns = max(rows, row + 1), max(columns, column + 1)
        at += 4 + length
    return total + rows * columns


def _stream(data: bytes) -> bytes:
    """Return the stream of the workbook, whose sectors may be anywhere in the file."""
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if size not in (512, 4096):
        raise ValueError(size)
    (first_directory,) = struct.unpack_from("<I", data, 48)
    (cutoff,) = struct.unpack_from("<I", data, 56)
    (first_mini,) = struct.unpack_from("<I", data, 60)
    table = [entry for sector in _table_sectors(data, size) for entry in _numbers(data, sector, size)]
    directory = b"".join(_chain(data, first_directory, table, size))
    entries = [directory[at : at + 128] for at in range(0, len(directory), 128)]
    for entry in entries:
        name = entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le", "replace")
        if name.lower() in ("workbook", "book"):
            first, length = struct.unpack_from("<II", entry, 116)
            if length >= cutoff:
                return b"".join(_chain(data, first, table, size))[:length]
            mini_table = [
                n for part in _chain(data, first_mini, table, size) for n in struct.unpack(f"<{size // 4}I", part)
            ]
            root = b"".join(_chain(data, struct.unpack_from("<I", entries[0], 116)[0], table, size))
            return b"".join(_mini_chain(root, first, mini_table))[:length]
    raise ValueError("no workbook")


def _table_sectors(data: bytes, size: int) -> Iterator[int]:
    yield from (sector for sector in struct.unpack_from("<109I", data, 76) if sector < _END)
    sector, count = struct.unpack_from("<II", data, 68)
    for _ in range(min(count, len(data) // size)):
        *sectors, following = _numbers(data, sector, size)
        yield from (number for number in sectors if number < _END)
        if following >= _END:
            return
        sector = following


def _numbers(data: bytes, sector: int, size: int) -> tuple[int, ...]:
    return struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size)


def _chain(data: bytes, sector: int, table: list[int], size: int) -> Iterator[bytes]:
    # A chain that bites its tail ends after as many sectors as the file has.
    for _ in range(len(data) // size + 1):
        if sector >= _END:
            return
        yield data[(sector + 1) * size : (sector + 2) * size]
        sector = table[sector]


def _mini_chain(root: bytes, sector: int, table: list[int]) -> Iterator[bytes]:
    for _ in range(len(root) // 64 + 1):
        if sector >= _END:
            return
        yield root[sector * 64 : (sector + 1) * 64]
        sector = table[sector]
