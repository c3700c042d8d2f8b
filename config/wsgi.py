"""WSGI entry point: `granian --interface wsgi config.wsgi:application`."""

import os
import sys
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
try:
    site = get_wsgi_application()
    # Not at the top: it needs Django to stand.
    application = import_module("kb.api.framework.response_cache").Front(site)
except ImproperlyConfigured as error:
    # A person reads this at the start of a server: the sentence helps, a traceback does not.
    sys.exit(f"codebook: {error}")
