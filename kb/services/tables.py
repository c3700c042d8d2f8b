"""Create and change code tables."""

from typing import Any

from django.utils.text import slugify

from kb.models import CodeTable
from kb.services.journal import By, save_versioned

_MAX_SLUG = 60


def save_table(table: CodeTable, version: int | None, values: dict[str, Any], by: By) -> CodeTable:
    """Create a table (version None) or change one. Raises StaleEdit, NotAllowed."""
    return save_versioned(table, version, values, {}, by)


def free_slug(*names: str) -> str:
    """Return a short name that no table has yet, made from the first of these names that has letters for an address.

    A name in Chinese has none; without any other, return "".
    """
    slugs_of_names = (slugify(name.replace(".", "-"))[:_MAX_SLUG].strip("-_") for name in names)
    base = next(filter(None, slugs_of_names), "")
    if not base:
        return ""
    slugs = set(CodeTable.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    slug, number = base, 2
    while slug in slugs:
        slug, number = f"{base}-{number}", number + 1
    return slug
