"""The product's settings, with one kind of job more: the bench's."""

from erp.settings import *  # noqa: F403, TID251 a settings module of its own
from erp.settings import JOB_KINDS as KINDS  # noqa: TID251

JOB_KINDS = [*KINDS, "tests.bench.jobs_kinds"]
