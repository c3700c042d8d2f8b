"""WSGI entry point of `manage.py serve`."""

import os
import sys
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
try:
    site = get_wsgi_application()
    # Imported here, because they need a configured Django.
    find = import_module("kb.api.resources.first_reads").find
    front = import_module("kb.api.framework.front").Front(site, find)
    gate = import_module("kb.ops.bodies").BodyGate(front, import_module("kb.api.framework.problems").too_busy)
    application = import_module("kb.web.refusals").RefusalMemory(gate)
    import_module("kb.text.safety.mask").make_ready()
except ImproperlyConfigured as error:
    # Print the sentence without a traceback, for the person who starts the server.
    sys.exit(f"codebook: {error}")
