"""Who stated a value: the vendor or support."""

from django.db import models


class Origin(models.TextChoices):
    """Who says so: the vendor (or what follows from the vendor's words), or support staff."""

    VENDOR = "vendor", "Vendor"
    STAFF = "staff", "Support"
