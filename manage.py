#!/usr/bin/env python3
"""The one door: puts `site/` on the path (a source root, never a package) and runs a command."""

import os
import sys
from pathlib import Path

HOUSE = Path(__file__).resolve().parent


def main() -> None:
    """Run the management command named on the command line."""
    sys.path.insert(1, str(HOUSE / "site"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "erp.settings")
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 the path first
    from django.core.management import execute_from_command_line  # noqa: PLC0415 the path first

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as wrong:
        sys.exit(f"{wrong}")


if __name__ == "__main__":
    main()
