"""A copy that breaks on its way to the bucket: no half backup there, and the next run heals it."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection

from periodic.safekeeping import archive, places
from periodic.safekeeping.places import Bucket, BucketPlace
from tests.journeys.forwarder import Forwarder
from tests.journeys.house import House, wait_until
from tests.periodic.buckets import bucket_server
from tests.periodic.dead_shops import PASSPHRASE, run, start

pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("broken_copies"),
    pytest.mark.skipif(
        connection.vendor != "sqlite", reason="What a line does to a file is no database's matter."
    ),
]
# Two parts and a piece of a third, as they are sent.
BYTES = 2 * places.PART_BYTES + 1_000_000
Row = tuple[Any, str]


class Shop:
    """A shop whose copies go to a bucket over a line that can break."""

    def __init__(self, house: House, line: Forwarder, there: BucketPlace) -> None:
        self.house, self.line, self.there = house, line, there

    @property
    def here(self) -> dict[str, int]:
        """Return the backups of this machine, and their sizes."""
        found = (self.house.var / "backups").glob("*.dukabackup")
        return {path.name: path.stat().st_size for path in found}

    def row(self, name: str) -> Row:
        """Return when a backup was copied, None for never, and what went wrong."""
        (found,) = self.house.rows(
            f"SELECT copied_at, copy_trouble FROM periodic_backup WHERE name = '{name}'"
        )
        return found[0], found[1]

    def is_healed(self, folder: Path) -> bool:
        """Back up once more; tell whether every backup is there then, byte for byte."""
        made = json.loads(self.house.manage("backup", "--json"))
        assert made["trouble"] == ""
        for name in self.here:
            self.there.fetch(name, folder / name)
            assert archive.digest_of(folder / name) == archive.digest_of(
                self.house.var / "backups" / name
            )
            copied_at, trouble = self.row(name)
            assert copied_at
            assert trouble == ""
        return self.there.names() == self.here and len(self.here) > 1


@pytest.fixture(scope="module")
def keys() -> Iterator[Bucket]:
    with bucket_server() as found:
        yield found


@pytest.fixture
def shop(keys: Bucket, tmp_path: Path) -> Iterator[Shop]:
    """A shop with a backup of some size: what no press makes smaller waits in its spool."""
    address = urlsplit(keys.endpoint)
    line = Forwarder(str(address.hostname), int(address.port or 0))
    house = House(
        tmp_path,
        BACKUP_PASSPHRASE=PASSPHRASE,
        BACKUP_COPY_TO=f"s3://backups/{tmp_path.name}",
        BACKUP_S3_ENDPOINT=f"http://127.0.0.1:{line.port}",
        BACKUP_S3_REGION=keys.region,
        BACKUP_S3_ACCESS_KEY=keys.access_key,
        BACKUP_S3_SECRET_KEY=keys.secret_key,
    )
    try:
        house.make_database()
        (house.var / "spool").mkdir()
        (house.var / "spool" / "spool-1-1.torn").write_bytes(os.urandom(BYTES))
        yield Shop(house, line, BucketPlace("backups", tmp_path.name, keys))
    finally:
        line.close()
        house.close()


@pytest.mark.parametrize(
    "count",
    [2_000, places.PART_BYTES // 2, places.PART_BYTES + 4_000_000, BYTES - 500_000],
    ids=["at its beginning", "in the first part", "in the second part", "in the last part"],
)
def test_an_upload_that_breaks_leaves_no_half_backup_and_the_next_run_makes_it_whole(
    shop: Shop, tmp_path: Path, count: int
) -> None:
    shop.line.after(count, shop.line.cut)

    broken = run(shop.house, "backup")

    assert broken.returncode == 1
    assert not shop.line.is_open.is_set()
    ((name, _),) = shop.here.items()
    assert shop.there.names() == {}
    copied_at, trouble = shop.row(name)
    assert copied_at is None
    assert trouble.startswith("The second place has no copy: s3://backups/")
    assert "the line to it broke" in trouble
    assert trouble.endswith("Is this machine online, and BACKUP_S3_ENDPOINT right?")
    assert broken.stderr.splitlines()[-1] == f"{trouble} The next run tries again."
    assert "Traceback" not in broken.stderr

    shop.line.mend()
    assert shop.is_healed(tmp_path)


def test_a_line_that_breaks_once_is_tried_again_by_the_same_run(shop: Shop, tmp_path: Path) -> None:
    shop.line.after(places.PART_BYTES + 4_000_000, shop.line.mend)

    made = json.loads(shop.house.manage("backup", "--json"))

    assert shop.line.is_spent
    assert made["copied"] == [made["name"]]
    assert shop.is_healed(tmp_path)


@pytest.mark.parametrize("count", [2_000_000, places.PART_BYTES + 4_000_000])
def test_a_backup_killed_while_it_uploads_is_copied_by_the_next_run(
    shop: Shop, tmp_path: Path, count: int
) -> None:
    shop.line.after(count, shop.line.freeze)
    process = start(shop.house, "backup")
    try:
        wait_until("half of the upload", shop.line.is_frozen.is_set, 60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    assert process.returncode == -signal.SIGKILL
    ((name, _),) = shop.here.items()
    assert shop.there.names() == {}
    assert shop.row(name) == (None, "")

    shop.line.mend()
    assert shop.is_healed(tmp_path)
