"""A QR code as a PNG: version 5, error correction L, byte mode. Pure."""

import struct
import zlib
from collections.abc import Iterator

SIZE = 37
DATA_BYTES = 108
CHECK_BYTES = 26
TEXT_MOST = DATA_BYTES - 3
QUIET = 4
SCALE = 6
ALIGNMENT = 30
# Level L with mask 0, as the standard's table has it; bit 14 first.
FORMAT = 0b111011111000100
Grid = list[list[bool | None]]


def png(text: str) -> bytes:
    """Return a PNG that any phone's camera reads; what does not fit is cut off."""
    return _picture(_modules(text.encode()[:TEXT_MOST]))


def _modules(content: bytes) -> Grid:
    grid: Grid = [[None] * SIZE for _ in range(SIZE)]
    for row, column in ((0, 0), (0, SIZE - 7), (SIZE - 7, 0)):
        _finder(grid, row, column)
    for i in range(-2, 3):
        for j in range(-2, 3):
            grid[ALIGNMENT + i][ALIGNMENT + j] = max(abs(i), abs(j)) != 1
    for i in range(8, SIZE - 8):
        grid[6][i] = grid[i][6] = i % 2 == 0
    _format(grid)
    _fill(grid, content)
    return grid


def _finder(grid: Grid, top: int, left: int) -> None:
    for i in range(-1, 8):
        for j in range(-1, 8):
            if 0 <= top + i < SIZE and 0 <= left + j < SIZE:
                ring = max(abs(i - 3), abs(j - 3))
                grid[top + i][left + j] = ring in {0, 1, 3}


def _format(grid: Grid) -> None:
    bits = [bool(FORMAT >> (14 - i) & 1) for i in range(15)]
    beside = [(8, c) for c in (0, 1, 2, 3, 4, 5, 7, 8)] + [(r, 8) for r in (7, 5, 4, 3, 2, 1, 0)]
    apart = [(SIZE - 1 - i, 8) for i in range(7)] + [(8, SIZE - 8 + i) for i in range(8)]
    for places in (beside, apart):
        for (row, column), bit in zip(places, bits, strict=True):
            grid[row][column] = bit
    grid[SIZE - 8][8] = True


def _fill(grid: Grid, content: bytes) -> None:
    bits = _bits(content)
    for row, column in _path():
        if grid[row][column] is None:
            grid[row][column] = next(bits, False) ^ ((row + column) % 2 == 0)


def _path() -> Iterator[tuple[int, int]]:
    up = True
    for right in [*range(SIZE - 1, 6, -2), 5, 3, 1]:
        for i in range(SIZE):
            row = SIZE - 1 - i if up else i
            yield row, right
            yield row, right - 1
        up = not up


def _bits(content: bytes) -> Iterator[bool]:
    text = f"0100{len(content):08b}" + "".join(f"{byte:08b}" for byte in content) + "0000"
    text += "0" * (-len(text) % 8)
    data = [int(text[i : i + 8], 2) for i in range(0, len(text), 8)]
    data += [(0xEC, 0x11)[i % 2] for i in range(DATA_BYTES - len(data))]
    for byte in data + _check_bytes(data):
        for i in range(7, -1, -1):
            yield bool(byte >> i & 1)


def _check_bytes(data: list[int]) -> list[int]:
    generator = [1]
    root = 1
    for _ in range(CHECK_BYTES):
        shifted = [*generator, 0]
        for i, factor in enumerate(generator):
            shifted[i + 1] ^= _times(factor, root)
        generator, root = shifted, _times(root, 2)
    rest = data + [0] * CHECK_BYTES
    for i in range(len(data)):
        lead = rest[i]
        for j, factor in enumerate(generator):
            rest[i + j] ^= _times(factor, lead)
    return rest[len(data) :]


def _times(left: int, right: int) -> int:
    found = 0
    while right:
        if right & 1:
            found ^= left
        left = left << 1 ^ (0x11D if left & 0x80 else 0)
        right >>= 1
    return found


def _picture(grid: Grid) -> bytes:
    side = (SIZE + 2 * QUIET) * SCALE
    white = b"\xff" * (QUIET * SCALE)
    lines = [b"\xff" * side] * (QUIET * SCALE)
    for row in grid:
        dark = b"".join((b"\x00" if module else b"\xff") * SCALE for module in row)
        lines += [white + dark + white] * SCALE
    lines += [b"\xff" * side] * (QUIET * SCALE)
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress(b"".join(b"\x00" + line for line in lines))
    parts = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
