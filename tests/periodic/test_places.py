"""The second place: a folder, and a bucket of a real S3 server that checks signatures."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from periodic.safekeeping import places
from periodic.safekeeping.places import Bucket, BucketPlace, FolderPlace, Place, PlaceTrouble
from periodic.safekeeping.refusals import Impossible

NAMES = ["duka-20261120T220000Z.dukabackup", "duka-20261121T220000Z.dukabackup"]
NO_KEYS = Bucket("", "", "", "")
# moto, with a user of its own: after the first requests, which make it, signatures are checked.
SERVER = """
import json, os, sys
import boto3
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=int(sys.argv[1]), verbose=False)
server.start()
at = {"endpoint_url": f"http://127.0.0.1:{sys.argv[1]}", "region_name": "us-east-1",
      "aws_access_key_id": "first", "aws_secret_access_key": "first"}
iam = boto3.client("iam", **at)
iam.create_user(UserName="duka")
everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
iam.put_user_policy(UserName="duka", PolicyName="all", PolicyDocument=json.dumps(
    {"Version": "2012-10-17", "Statement": [everything]}))
key = iam.create_access_key(UserName="duka")["AccessKey"]
boto3.client("s3", **at).create_bucket(Bucket="backups")
print(key["AccessKeyId"], key["SecretAccessKey"], flush=True)
sys.stdin.read()
"""
REQUESTS_BEFORE_CHECKING = 4


@pytest.fixture(scope="module")
def keys() -> Iterator[Bucket]:
    """A server in a process of its own, ended with the module."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(port)],
        env=kept | {"INITIAL_NO_AUTH_ACTION_COUNT": str(REQUESTS_BEFORE_CHECKING)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout
        access, secret = server.stdout.readline().split()
        yield Bucket(f"http://127.0.0.1:{port}", "us-east-1", access, secret)
        server.kill()


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
