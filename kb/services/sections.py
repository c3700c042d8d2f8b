"""Rename sections."""

from typing import Any

from kb.models import Section
from kb.services import journal
from kb.services.journal import By


def rename_section(section: Section, version: int | None, values: dict[str, Any], by: By) -> Section:
    """Change a section's name, slug or position. Raises StaleEdit, NotAllowed."""
    by.require_to("change", Section)
    with journal.entry(by) as entry:
        current = entry.lock(Section, section.pk, version)
        fields = journal.set_fields(current, values)
        return entry.update(current, fields) if fields else current
