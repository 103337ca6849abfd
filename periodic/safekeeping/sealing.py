"""The seal of a backup: the age v1 format with a passphrase (age-encryption.org/v1).

Any `age` program opens it: a shop's data must not depend on this one. The passphrase makes a key
by scrypt with a random salt; it wraps a random file key. The payload goes in chunks of 64 KiB, each
sealed by ChaCha20-Poly1305 under a nonce that counts and marks the last one: altered, reordered,
repeated, missing and added chunks are refused, in flat memory.
"""

import base64
import binascii
import hmac
import os
import re
from hashlib import sha256
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from periodic.safekeeping.refusals import Damaged, NotABackup, WrongKey

FIRST_LINE = b"age-encryption.org/v1\n"
CHUNK = 64 * 1024
TAG = 16
# 2^16 rounds take 64 MB and a fifth of a second; age's own default takes four times both.
WORK = 16
# A file may not ask its reader for more memory than age's own default does: 256 MB.
MOST_WORK = 18
_MOST_HEADER = 512
_HEADER = re.compile(
    rb"age-encryption\.org/v1\n-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)\n"
    rb"([A-Za-z0-9+/]{43})\n--- ([A-Za-z0-9+/]{43})\n"
)
_CUT = "The backup is cut short: its end is missing."
_ALTERED = "The backup was altered, or a part of it went bad."


class Seal:
    """Writes bytes sealed to `out`; without `close` the file has no end and opens nowhere."""

    def __init__(self, out: BinaryIO, passphrase: str, *, work: int = WORK) -> None:
        salt, file_key, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
        wrapped = ChaCha20Poly1305(_wrap_key(passphrase, salt, work)).encrypt(
            bytes(12), file_key, None
        )
        header = FIRST_LINE + b"-> scrypt %s %d\n%s\n---" % (_text(salt), work, _text(wrapped))
        out.write(header + b" " + _text(_mac(file_key, header)) + b"\n" + nonce)
        self._out, self._stream = out, _stream(file_key, nonce)
        self._held = bytearray()
        self._number = 0

    def write(self, data: bytes) -> int:
        """Take `data`; what fills a chunk is written. The last chunk waits for `close`."""
        self._held += data
        while len(self._held) > CHUNK:
            self._write_chunk(bytes(self._held[:CHUNK]), last=0)
            del self._held[:CHUNK]
        return len(data)

    def flush(self) -> None:
        """Do nothing: gzip and tar ask for it, and a chunk is written when it is full."""

    def close(self) -> None:
        """Write the last chunk, marked as such; `out` stays open."""
        self._write_chunk(bytes(self._held), last=1)

    def _write_chunk(self, data: bytes, *, last: int) -> None:
        self._out.write(self._stream.encrypt(_nonce(self._number, last), data, None))
        self._number += 1


class Opened:
    """Reads what a `Seal` wrote. Each byte that `read` returns is authentic; the end too.

    Raises NotABackup or WrongKey at once, Damaged as soon as a chunk is not what it was.
    """

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        self._source = source
        file_key = self._file_key(passphrase)
        nonce = self._source.read(16)
        if len(nonce) < 16:  # noqa: PLR2004 the format's own figure
            raise Damaged(_CUT)
        self._stream = _stream(file_key, nonce)
        self._held = b""
        self._ahead = self._source.read(CHUNK + TAG)
        self._number = 0

    def _file_key(self, passphrase: str) -> bytes:
        first = self._source.read(len(FIRST_LINE))
        if first != FIRST_LINE:
            raise NotABackup("This file is no backup of Duka: it does not begin like one.")
        header = first
        while not header.startswith(b"---", header.rfind(b"\n", 0, -1) + 1):
            line = self._source.readline(_MOST_HEADER)
            if not line.endswith(b"\n") or len(header) > _MOST_HEADER:
                raise Damaged(_CUT if len(line) < _MOST_HEADER else _ALTERED)
            header += line
        found = _HEADER.fullmatch(header)
        if not found or int(found[2]) > MOST_WORK:
            raise Damaged("The first lines of the backup were altered.")
        salt, wrapped, mac = (_bytes(found[number]) for number in (1, 3, 4))
        try:
            file_key = ChaCha20Poly1305(_wrap_key(passphrase, salt, int(found[2]))).decrypt(
                bytes(12), wrapped, None
            )
        except InvalidTag:
            raise WrongKey(
                "The passphrase does not open this backup. Is it the one that it was made with?"
            ) from None
        if not hmac.compare_digest(_mac(file_key, header[: header.rfind(b"---") + 3]), mac):
            raise Damaged("The first lines of the backup were altered.")
        return file_key

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, all that is left where it is negative, b"" at the end."""
        while (size < 0 or len(self._held) < size) and self._next_chunk():
            pass
        size = len(self._held) if size < 0 else size
        data, self._held = self._held[:size], self._held[size:]
        return data

    def _next_chunk(self) -> bool:
        """Open one more chunk; False after the last one."""
        if self._number < 0:
            return False
        sealed, self._ahead = self._ahead, self._source.read(CHUNK + TAG)
        last = 0 if self._ahead else 1
        try:
            data = self._stream.decrypt(_nonce(self._number, last), sealed, None)
        except InvalidTag:
            raise Damaged(self._what_ails(sealed, last)) from None
        if last and not data and self._number:
            raise Damaged(_ALTERED)
        self._number = -1 if last else self._number + 1
        self._held += data
        return True

    def _what_ails(self, sealed: bytes, last: int) -> str:
        """Tell a file that ends too soon from one that was altered, as far as can be seen."""
        if last and len(sealed) == CHUNK + TAG:
            try:
                self._stream.decrypt(_nonce(self._number, 0), sealed, None)
            except InvalidTag:
                return _ALTERED
            return _CUT
        return f"{_ALTERED} It may be cut short." if last else _ALTERED


def _wrap_key(passphrase: str, salt: bytes, work: int) -> bytes:
    kdf = Scrypt(salt=b"age-encryption.org/v1/scrypt" + salt, length=32, n=2**work, r=8, p=1)
    return kdf.derive(passphrase.encode())


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(key)


def _mac(file_key: bytes, header: bytes) -> bytes:
    return hmac.digest(_derived(file_key, b"", b"header"), header, sha256)


def _stream(file_key: bytes, nonce: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(_derived(file_key, nonce, b"payload"))


def _nonce(number: int, last: int) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _text(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _bytes(text: bytes) -> bytes:
    """Return what `text` stands for; refused where the same bytes are written otherwise."""
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:  # pragma: no cover the pattern lets no such text through
        raise Damaged(_ALTERED) from error
    if _text(data) != text:
        raise Damaged(_ALTERED)
    return data
