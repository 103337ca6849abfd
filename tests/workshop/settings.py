"""The product's settings with kinds of jobs for tests: for real processes."""

from erp.settings import *  # noqa: F403, TID251 this is a settings module of tests
from erp.settings import JOB_KINDS as KINDS  # noqa: TID251

JOB_KINDS = [*KINDS, "tests.workshop.kinds"]
