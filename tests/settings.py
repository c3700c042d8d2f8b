"""The product's settings as tests and type checks run them, whatever the shell exports."""

import os
import tempfile

os.environ |= {"DEBUG": "1", "KB_PUBLIC_READ": "1", "KB_VALIDATE_OWN_WORDS": "0", "LOG_LEVEL": "WARNING"}
os.environ |= {"KB_API_RATE_ANONYMOUS": "0", "KB_API_RATE_KNOWN": "0", "KB_API_CACHE_MEGABYTES": "0"}
os.environ |= {"KB_PAGE_RATE_ANONYMOUS": "0", "KB_PAGE_RATE_KNOWN": "0", "KB_DETECT_RATE": "0"}
os.environ |= {"KB_LOGIN_RATE_ADDRESS": "0", "KB_LOGIN_RATE_SITE": "0"}
os.environ |= {"KB_USAGE_FLUSH_SECONDS": "0", "KB_MEANING": "0"}

from config.settings import *  # noqa: F403
from kb.ops import environment

# A slow machine must not fail a test; tests of limits set their own.
for _database in DATABASES.values():  # noqa: F405
    environment.limit(_database, environment.WORKER)

# Logging in is not what most tests test: a fast hash.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Static files are looked up when asked for. Otherwise every test client reads them all first, which takes 50 ms.
WHITENOISE_AUTOREFRESH = True

if DATABASES["default"]["ENGINE"] == "kb.ops.databases.sqlite":  # noqa: F405
    # A file, as in production: the in-memory default shares one cache between threads and locks whole tables. Named
    # for the process, so that runs side by side do not share it.
    DATABASES["default"]["TEST"] = {"NAME": f"{tempfile.gettempdir()}/codebook-test-{os.getpid()}.sqlite3"}  # noqa: F405
