"""The tests. Their folders mirror those of `kb`."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The checkout."""
