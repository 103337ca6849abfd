"""The web process: Django, and the ringer thread that turns presses of the doorbell into tasks."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "erp.settings")
application = get_wsgi_application()

from periodic import ringer  # noqa: E402 the apps are ready only now

ringer.start()
