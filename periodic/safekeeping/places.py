"""The second place of the backups: a folder on another disk, or a bucket that speaks S3.

Both give a file its name only when it is whole. No message holds a key.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from periodic.safekeeping import files, retention
from periodic.safekeeping.refusals import Impossible, Refused

CONNECT_SECONDS, READ_SECONDS = 10, 60
TRIES = 2
# S3 takes parts of 5 MB and more; one part is in memory at a time.
PART_BYTES = 8 * 1024 * 1024


class PlaceTrouble(Refused):
    """The second place did not do what was asked; the message says what it answered."""


class Place(Protocol):
    """Where backups lie."""

    def names(self) -> dict[str, int]:
        """Return the name and the size in bytes of every backup there."""

    def put(self, source: Path, name: str) -> None:
        """Copy a file there; it has its name there only when it is whole."""

    def fetch(self, name: str, target: Path) -> None:
        """Copy a backup from there into a new file."""

    def remove(self, name: str) -> None:
        """Remove a backup there; one that is gone already is no trouble."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What opens a bucket: its endpoint and keys come from the environment."""

    endpoint: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """A folder that is there already: a disk that is not mounted must not look like one that is."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    def names(self) -> dict[str, int]:
        with self._trouble():
            if not self.folder.is_dir():
                raise PlaceTrouble(f"{self.folder} is not there. Is its disk mounted?")
            return {
                path.name: path.stat().st_size
                for path in self.folder.iterdir()
                if retention.time_of(path.name)
            }

    def put(self, source: Path, name: str) -> None:
        with self._trouble():
            files.copy_in(source, self.folder / name)

    def fetch(self, name: str, target: Path) -> None:
        with self._trouble():
            files.copy_in(self.folder / name, target)

    def remove(self, name: str) -> None:
        with self._trouble():
            (self.folder / name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise PlaceTrouble(f"{self.folder}: {error.strerror or error}.") from error


class BucketPlace:
    """A bucket, and what the names in it begin with."""

    def __init__(self, bucket: str, prefix: str, keys: Bucket) -> None:
        """Raise Impossible where the client or a setting is missing."""
        self.bucket, self.prefix = bucket, f"{prefix}/" if prefix else ""
        url = urlsplit(keys.endpoint)
        if url.scheme not in {"http", "https"} or not url.netloc or not keys.access_key:
            raise Impossible(
                "BACKUP_S3_ENDPOINT, BACKUP_S3_ACCESS_KEY and BACKUP_S3_SECRET_KEY: all three are"
                " needed for a bucket; the endpoint begins with https://."
            )
        try:
            import minio  # noqa: PLC0415 a laptop has no minio
            import urllib3  # noqa: PLC0415
        except ImportError as error:
            raise Impossible(
                "A bucket needs what a server installs: pip install -r requirements/prod.txt"
            ) from error
        self._client: Any = minio.Minio(
            url.netloc,
            access_key=keys.access_key,
            secret_key=keys.secret_key,
            region=keys.region or None,
            secure=url.scheme == "https",
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
                retries=urllib3.Retry(
                    total=TRIES, backoff_factor=0.5, status_forcelist=[500, 502, 503, 504]
                ),
            ),
        )

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def names(self) -> dict[str, int]:
        with self._trouble():
            found = self._client.list_objects(self.bucket, prefix=self.prefix)
            names = {one.object_name.removeprefix(self.prefix): one.size for one in found}
        return {name: size for name, size in names.items() if retention.time_of(name)}

    def put(self, source: Path, name: str) -> None:
        with self._trouble():
            self._client.fput_object(
                self.bucket,
                self.prefix + name,
                str(source),
                part_size=PART_BYTES,
                num_parallel_uploads=1,
            )
            size = self._client.stat_object(self.bucket, self.prefix + name).size
        if size != source.stat().st_size:
            raise PlaceTrouble(f"{self}{name} is not as long as what was sent.")

    def fetch(self, name: str, target: Path) -> None:
        with self._trouble():
            self._client.fget_object(self.bucket, self.prefix + name, str(target))

    def remove(self, name: str) -> None:
        with self._trouble():
            self._client.remove_object(self.bucket, self.prefix + name)

    @contextlib.contextmanager
    def _trouble(self) -> Iterator[None]:
        import minio.error  # noqa: PLC0415 a laptop has no minio
        import urllib3.exceptions  # noqa: PLC0415

        try:
            yield
        except minio.error.S3Error as error:
            raise PlaceTrouble(f"{self} answered {error.code}: {error.message}") from error
        except (minio.error.MinioException, urllib3.exceptions.HTTPError) as error:
            raise PlaceTrouble(
                f"{self} did not answer, or the line to it broke ({type(error).__name__})."
                " Is this machine online, and BACKUP_S3_ENDPOINT right?"
            ) from error
        except OSError as error:
            raise PlaceTrouble(f"{self}: {error.strerror or error}.") from error


def second_place(address: str, keys: Bucket) -> "Place | None":
    """Return where BACKUP_COPY_TO leads: a folder, a bucket, or nowhere. Raises Impossible."""
    if not address:
        return None
    if not address.startswith("s3://"):
        folder = Path(address)
        if not folder.is_absolute():
            raise Impossible(f"BACKUP_COPY_TO is {address!r}: write a whole path or s3://bucket.")
        return FolderPlace(folder)
    url = urlsplit(address)
    if not url.netloc:
        raise Impossible("BACKUP_COPY_TO: a bucket is written s3://bucket or s3://bucket/prefix.")
    return BucketPlace(url.netloc, url.path.strip("/"), keys)
