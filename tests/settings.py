"""The product's settings as tests and type checks run them, whatever the shell exports."""

import os

os.environ |= {"DEBUG": "1", "KB_PUBLIC_READ": "1", "KB_VALIDATE_OWN_WORDS": "0", "LOG_LEVEL": "WARNING"}

from config.settings import *  # noqa: F403

# Logging in is not what most tests test: a fast hash.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
