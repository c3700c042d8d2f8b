"""Create and change code tables."""

from typing import Any

from kb.models import CodeTable
from kb.services.journal import By, save_versioned


def save_table(table: CodeTable, version: int | None, values: dict[str, Any], by: By) -> CodeTable:
    """Create a table (version None) or change one. Raises StaleEdit, NotAllowed."""
    return save_versioned(table, version, values, {}, by)
