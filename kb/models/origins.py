"""Origins of a value: the vendor or support."""

from django.db import models


class Origin(models.TextChoices):
    """The source of a value: the vendor's table (or what follows from its texts), or support staff."""

    VENDOR = "vendor", "Vendor"
    STAFF = "staff", "Support"
