"""Files to import: tables of any size, and their next version with one row in a hundred reworded."""

import csv
from pathlib import Path

HEADER = ["section", "code", "description", "possible_reasons", "suggested_actions"]


def write(path: Path, rows: int, reworded: bool = False) -> Path:
    """Write a table of `rows` codes in seven sections, about 190 bytes a row."""
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for i in range(rows):
            words = f"Description of the code number {i}, in a few words of the vendor."
            words += " Now reworded." if reworded and i % 100 == 0 else ""
            actions = f"Please check the parameter {i % 50} and send the request again."
            out.writerow([f"Section {i % 7}", 600_000_000 + i, words, f"The request {i} was wrong.", actions])
    return path
