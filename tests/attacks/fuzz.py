"""Fuzz one target by coverage, for as long as wanted: `python -m tests.attacks.fuzz importer -max_total_time=300`.

Needs the package `atheris`, which has wheels for Linux on x86-64 alone; so it is not among the product's packages.
`test_fuzz.py` tries the same targets without it.
"""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")


def main() -> None:
    """Run until the time is over, or until something is found, which is then written to a file beside."""
    import atheris
    import django

    with atheris.instrument_imports(include=["kb"]):
        django.setup()
        from tests.attacks.targets import TARGETS
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in TARGETS:
        sys.exit(f"There is no target {name!r}; allowed: {', '.join(TARGETS)}.")
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
