"""The product's settings, with one view more: the bare one of the bench."""

from erp.settings import *  # noqa: F403, TID251 a settings module of its own

ROOT_URLCONF = "tests.bench.callbacks_urls"
