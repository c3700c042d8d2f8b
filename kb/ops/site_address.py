"""The address of the site as far as the settings tell it, for answers without a request that can be trusted."""

from django.conf import settings


def site() -> str:
    """Return the address of the site without a slash at its end; empty if the settings name no host."""
    if settings.DEBUG:
        return "http://127.0.0.1:8000"
    hosts = [host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"]
    return f"https://{hosts[0]}" if hosts else ""
