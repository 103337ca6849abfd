"""What the contenders of the jobs share; runs in a venv of their own.

With HOUSE_PACKAGES they load the product's Django project and the floors that its tasks call, as a
worker of theirs would have to in a product like this one.
"""

import os
import sys

BROKER = os.environ["BROKER"]

if house := os.environ.get("HOUSE_PACKAGES"):
    sys.path.append(house)  # behind their own
    import django

    django.setup()
    from periodic import kinds, tasks  # noqa: F401 what the workers run

    kinds.load()
