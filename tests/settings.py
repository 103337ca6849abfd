"""The product's settings for tests: a VAR of their own, queues in memory, a fast password hasher.

Settings load before any conftest; with the product's VAR the tests would ring a running demo.
"""

import atexit
import os
import shutil
import tempfile

os.environ["VAR"] = tempfile.mkdtemp(prefix="duka-tests-")
atexit.register(shutil.rmtree, os.environ["VAR"], ignore_errors=True)
os.environ["HUEY_IMMEDIATE"] = "1"
os.environ["SECRET_KEY"] = "a-key-of-the-tests-that-opens-nothing-at-all"
# Unit tests ring queues in memory; the journeys' real processes take the Redis that was named.
if redis_url := os.environ.pop("REDIS_URL", None):
    os.environ["JOURNEY_REDIS_URL"] = redis_url
for name in (
    "PRODUCTION",
    "PORT",
    "SIMULATOR_PORT",
    "PUBLIC_URL",
    "DARAJA_URL",
    "DEBUG",
    "MAIL_URL",
    "BACKUP_PASSPHRASE",
    "BACKUP_PASSPHRASE_FILE",
    "BACKUP_COPY_TO",
):
    os.environ.pop(name, None)

from erp.settings import *  # noqa: E402, F403, TID251 this is the settings module of tests

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
