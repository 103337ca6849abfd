"""The second place: a folder, and a bucket of a real S3 server that checks signatures."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from periodic.actions.keys import second
from periodic.safekeeping import places
from periodic.safekeeping.places import Bucket, BucketPlace, FolderPlace, Place, PlaceTrouble
from periodic.safekeeping.refusals import Impossible
from tests.periodic.buckets import bucket_server

NAMES = ["duka-20261120T220000Z.dukabackup", "duka-20261121T220000Z.dukabackup"]
NO_KEYS = Bucket("", "", "", "")


@pytest.fixture(scope="module")
def keys() -> Iterator[Bucket]:
    """A server in a process of its own, ended with the module."""
    with bucket_server() as found:
        yield found


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        (tmp_path / "other disk").mkdir()
        found = places.second_place(str(tmp_path / "other disk"), NO_KEYS)
    else:
        keys = request.getfixturevalue("keys")
        found = places.second_place(f"s3://backups/{tmp_path.name}/shop", keys)
    assert found
    return found


def test_what_is_put_there_is_there(place: Place, tmp_path: Path) -> None:
    source = tmp_path / "a"
    source.write_bytes(os.urandom(100_000))

    for name in NAMES:
        place.put(source, name)

    assert place.names() == dict.fromkeys(NAMES, 100_000)
    place.fetch(NAMES[0], tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    place.remove(NAMES[0])
    place.remove(NAMES[0])
    assert place.names() == {NAMES[1]: 100_000}


def test_what_is_no_backup_is_not_ours(place: Place, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")

    place.put(tmp_path / "a", "holiday.jpg")

    assert place.names() == {}


def test_what_is_not_there_is_told_in_a_sentence(place: Place, tmp_path: Path) -> None:
    with pytest.raises(PlaceTrouble):
        place.fetch(NAMES[0], tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_file_of_several_parts_goes_whole(keys: Bucket, tmp_path: Path) -> None:
    bucket = BucketPlace("backups", "parts", keys)
    source = tmp_path / "a"
    source.write_bytes(os.urandom(places.PART_BYTES * 2 + 5))

    bucket.put(source, NAMES[0])

    bucket.fetch(NAMES[0], tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == source.read_bytes()


def test_a_wrong_key_is_a_sentence_without_the_key(keys: Bucket) -> None:
    wrong = Bucket(keys.endpoint, keys.region, keys.access_key, "not-the-secret")

    with pytest.raises(PlaceTrouble, match=r"SignatureDoesNotMatch|AccessDenied") as trouble:
        BucketPlace("backups", "", wrong).names()

    assert "not-the-secret" not in str(trouble.value)
    assert keys.access_key not in repr(wrong)


def test_a_bucket_that_is_missing_is_a_sentence(keys: Bucket) -> None:
    with pytest.raises(PlaceTrouble, match=r"s3://nowhere/ answered NoSuchBucket"):
        BucketPlace("nowhere", "", keys).names()


def test_a_server_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "TRIES", 0)
    began = time.monotonic()

    with pytest.raises(PlaceTrouble, match="did not answer"):
        BucketPlace("backups", "", Bucket("http://127.0.0.1:1", "x", "a", "b")).names()

    assert time.monotonic() - began < 5


def test_a_disk_that_is_not_mounted_is_told(tmp_path: Path) -> None:
    gone = FolderPlace(tmp_path / "gone")

    with pytest.raises(PlaceTrouble, match="Is its disk mounted"):
        gone.names()
    with pytest.raises(PlaceTrouble):
        gone.put(tmp_path / "a", NAMES[0])


def test_a_copy_that_was_cut_off_has_no_name(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path)

    with pytest.raises(PlaceTrouble):
        place.put(tmp_path / "missing", NAMES[0])

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("address", "keys"),
    [
        ("copies", NO_KEYS),
        ("s3://", NO_KEYS),
        ("s3://backups", NO_KEYS),
        ("s3://backups", Bucket("127.0.0.1:9000", "", "a", "b")),
        ("s3://backups", Bucket("https://s3.example", "", "", "b")),
    ],
    ids=["half a path", "no bucket", "no endpoint", "no scheme", "no key"],
)
def test_an_address_that_leads_nowhere_is_refused(address: str, keys: Bucket) -> None:
    with pytest.raises(Impossible):
        places.second_place(address, keys)


def test_no_address_is_no_second_place() -> None:
    assert places.second_place("", NO_KEYS) is None


def test_the_folder_of_the_backups_is_no_second_place(settings: Settings, tmp_path: Path) -> None:
    settings.BACKUP_DIR = tmp_path / "backups"
    settings.BACKUP_COPY_TO = f"{tmp_path}/other/../backups"

    with pytest.raises(Impossible, match="the folder of the backups itself"):
        second()
