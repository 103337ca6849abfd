"""The spool's files alone: whole lines, torn lines, several writers, one who takes out."""

import fcntl
import json
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from mpesa import spool
from tests.make import NOW, an_arrival

ROOT = Path(__file__).resolve().parents[2]


def put(*arrivals, is_known=True):
    for arrival in arrivals:
        spool.append(arrival, is_known=is_known)


def taken():
    with spool.taking() as files:
        return [spool.read(place) for place in spool.places(files)]


def test_a_message_comes_out_as_it_went_in(spool_folder):
    arrival = an_arrival(
        body=b"\xff\x00\n{}", token="tö\x00ken", headers={"User-Agent": "a\nb\ud800"}
    )

    put(arrival)

    assert taken() == [arrival]
    assert spool_folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in spool_folder.iterdir()} == {0o600}


def test_nothing_of_a_message_is_shown_by_its_repr():
    shown = repr(an_arrival(body=b"254712345678", token="tok", secret="sec"))

    assert [word for word in ("2547", "tok'", "sec'") if word in shown] == []


def test_messages_come_out_as_they_arrived_whatever_file_they_are_in(spool_folder):
    arrivals = [
        an_arrival(body=b"%d" % n, received_at=NOW + timedelta(seconds=n)) for n in range(6)
    ]
    put(*reversed(arrivals[::2]))
    other = next(spool_folder.glob("*.jsonl"))
    other.rename(spool_folder / "spool-1-1.jsonl")
    put(*arrivals[1::2])

    assert [arrival.body for arrival in taken()] == [b"0", b"1", b"2", b"3", b"4", b"5"]


def test_ids_sort_as_they_are_given():
    ids = [spool.new_id() for _ in range(100)]

    assert (ids, {len(one) for one in ids}, len({*ids})) == (sorted(ids), {32}, 100)


def test_an_empty_spool_gives_nothing_and_makes_no_folder(spool_folder):
    assert (taken(), spool.is_empty(), spool_folder.exists()) == ([], True, False)


def test_what_is_taken_is_not_written_to_any_more(spool_folder):
    put(an_arrival(body=b"1"))

    with spool.taking() as files:
        put(an_arrival(body=b"2"))
        inside = [spool.read(place).body for place in spool.places(files)]

    assert inside == [b"1"]
    assert sorted(path.suffix for path in spool_folder.iterdir()) == ["", ".jsonl", ".taking"]
    assert [arrival.body for arrival in taken()] == [b"1", b"2"]


def test_two_do_not_take_at_once():
    put(an_arrival())

    with spool.taking() as first, spool.taking() as second:
        found = (len(first), second)

    assert found == (1, [])
    assert len(taken()) == 1


def test_a_writer_that_waited_while_its_file_was_taken_begins_a_new_one(spool_folder):
    put(an_arrival(body=b"1"))
    file = next(spool_folder.glob("*.jsonl"))
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        writer = threading.Thread(target=put, args=[an_arrival(body=b"2")])
        writer.start()
        writer.join(0.2)
        waited = writer.is_alive()
        file.rename(file.with_suffix(".taking"))
    writer.join()

    assert waited
    assert [path.read_bytes().count(b"\n") for path in sorted(spool_folder.iterdir())] == [1, 1]
    assert [arrival.body for arrival in taken()] == [b"1", b"2"]


def test_a_writer_gives_up_where_its_file_is_taken_away_each_time(spool_folder, monkeypatch):
    monkeypatch.setattr(spool, "_has_its_name", lambda file, path: False)

    with pytest.raises(OSError, match="taken away"):
        put(an_arrival())


@pytest.mark.parametrize(
    "end",
    [b"", b'{"id": "', b'{"sha256": "x"}\n', b"[]\n", b"null\n", b"\xff\xfe\n", b"[" * 99_999],
    ids=["nothing", "half", "sum", "list", "null", "bytes", "deep"],
)
def test_a_torn_line_is_kept_aside_and_spoils_no_other(spool_folder, end, caplog):
    put(an_arrival(body=b"1"))
    file = next(spool_folder.glob("*.jsonl"))
    file.write_bytes(file.read_bytes() + end)
    put(an_arrival(body=b"2"))

    found = taken()

    assert [arrival.body for arrival in found] == [b"1", b"2"]
    kept = [path.read_bytes() for path in spool.torn_files()]
    assert [text.strip() for text in kept] == ([end.strip()] if end else [])
    assert [r.getMessage().split(";")[0] for r in caplog.records] == (
        ["the spool had 1 torn lines"] if end else []
    )
    assert taken() == found  # again, after a death


def test_a_line_with_one_changed_letter_is_torn(spool_folder):
    put(an_arrival(address="10.0.0.1"))
    file = next(spool_folder.glob("*.jsonl"))
    file.write_bytes(file.read_bytes().replace(b"10.0.0.1", b"10.0.0.2"))

    assert (taken(), len(spool.torn_files()), spool.is_empty()) == ([], 1, False)


def test_a_line_is_one_json_object(spool_folder):
    put(an_arrival(body=b"{}"))

    (line,) = next(spool_folder.glob("*.jsonl")).read_text().splitlines()
    assert sorted(json.loads(line)) == [
        "address",
        "body",
        "channel",
        "headers",
        "id",
        "received_at",
        "secret",
        "sha256",
        "token",
    ]


def test_strangers_fill_a_quarter_and_tills_the_rest(settings, monkeypatch):
    settings.SPOOL_MEGABYTES = 1
    monkeypatch.setattr(spool, "MEGABYTE", 8_000)
    big = an_arrival(body=b"x" * 1_000)

    def fill(*, is_known):
        for number in range(99):
            try:
                put(big, is_known=is_known)
            except spool.SpoolFull:
                return number
        return 99

    assert (fill(is_known=False), fill(is_known=True), fill(is_known=True)) == (1, 3, 0)


def test_a_disk_that_takes_a_part_leaves_no_torn_line(spool_folder, monkeypatch):
    put(an_arrival(body=b"1"))
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, line: write(file, line[:20]))

    with pytest.raises(OSError, match="a part"):
        put(an_arrival(body=b"2"))

    monkeypatch.undo()
    put(an_arrival(body=b"3"))
    assert [arrival.body for arrival in taken()] == [b"1", b"3"]
    assert spool.torn_files() == []


def test_what_a_disk_did_not_sync_is_not_called_safe(monkeypatch):
    def broken(file):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)

    with pytest.raises(OSError, match="Input/output"):
        put(an_arrival())

    monkeypatch.undo()
    assert taken() == []


def test_the_file_and_its_name_are_synced(monkeypatch, spool_folder):
    put(an_arrival())
    next(spool_folder.glob("*.jsonl")).unlink()
    synced, fsync = [], os.fsync

    def noting(file):
        synced.append(str(Path(f"/proc/self/fd/{file}").readlink()))
        fsync(file)

    monkeypatch.setattr(os, "fsync", noting)

    put(an_arrival(), an_arrival())

    file = str(next(spool_folder.glob("*.jsonl")))
    assert synced == [file, str(spool_folder), file]


def test_waits_since_tells_what_is_old(spool_folder):
    now = timezone.now()
    put(an_arrival())

    assert spool.waits_since(now + timedelta(minutes=1))
    assert not spool.waits_since(now - timedelta(minutes=1))


WRITER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from django.conf import settings
settings.configure(SPOOL_DIR=Path(sys.argv[1]), SPOOL_MEGABYTES=64)
from mpesa import spool
for n in range(150):
    spool.append(
        spool.Arrival(spool.new_id(), "c", "s", "t", b"%s-%d" % (sys.argv[2].encode(), n), "", {},
                      datetime.now(UTC)), is_known=True)
"""


def test_several_processes_write_while_another_takes_out(spool_folder):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(spool_folder), name], cwd=ROOT)
        for name in "abc"
    ]
    found = []
    while any(writer.poll() is None for writer in writers):
        with spool.taking() as files:
            found += [spool.read(place).body.decode() for place in spool.places(files)]
            for path in files:
                path.unlink()
    found += [arrival.body.decode() for arrival in taken()]

    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert sorted(found) == sorted(f"{name}-{n}" for name in "abc" for n in range(150))
    for name in "abc":
        mine = [body for body in found if body.startswith(name)]
        assert mine == [f"{name}-{n}" for n in range(150)]
    assert spool.torn_files() == []


def test_a_copy_holds_what_waits_and_leaves_it_there(spool_folder, tmp_path):
    put(an_arrival(body=b"1"), an_arrival(body=b"2"))
    file = next(spool_folder.glob("*.jsonl"))
    file.rename(spool_folder / "spool-1-1-5.taking")
    put(an_arrival(body=b"3"))
    (spool_folder / "spool-1-1-5.torn").write_bytes(b"half a li")
    with next(spool_folder.glob("*.jsonl")).open("ab") as open_file:
        open_file.write(b'{"id": "is being wri')

    copied = spool.copy_to(tmp_path)

    assert [path.suffix for path in copied] == [".taking", ".torn", ".jsonl"]
    bodies = [spool.read(place).body for place in spool.places(copied[::2])]
    assert sorted(bodies) == [b"1", b"2", b"3"]
    assert (tmp_path / "spool-1-1-5.torn").read_bytes() == b"half a li"
    assert len(list(spool_folder.glob("spool*"))) == 3


def test_a_copy_of_no_spool_is_empty(spool_folder, tmp_path):
    assert spool.copy_to(tmp_path) == []
