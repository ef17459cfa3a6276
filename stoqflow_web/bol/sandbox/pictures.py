"""Draws a small JPEG for a product: blocks of two colours, different for every EAN, the same every time.

Each block of 8 by 8 pixels has one colour, so that only its mean has to be written; that makes a complete
baseline JPEG fit in one page of code and spares a dependency.
"""

import struct
from functools import lru_cache
from random import Random

BLOCK = 8
# Huffman codes for the sizes 0 to 11 of a mean, all four bits long; and the one code for "nothing more".
SIZE_BITS = 4
END_OF_BLOCK = (0, 1)
GROUND = (236, 238, 233)
COLOURS = ((46, 94, 78), (176, 84, 50), (44, 72, 112), (148, 112, 36), (98, 58, 104), (72, 80, 88))


@lru_cache(maxsize=256)
def draw(ean: str, side: int) -> bytes:
    """A square JPEG of `side` pixels."""
    random = Random(ean)  # noqa: S311 - a picture, not a secret
    colour = random.choice(COLOURS)
    half = [[random.random() < 0.5 for _ in range(3)] for _ in range(5)]
    cells = [row + row[-2::-1] for row in half]
    blocks = -(-side // BLOCK)

    def shade(row: int, column: int) -> tuple[int, int, int]:
        # A margin of one cell around five by five, mirrored like a face.
        y, x = row * 7 // blocks - 1, column * 7 // blocks - 1
        return colour if 0 <= y < 5 and 0 <= x < 5 and cells[y][x] else GROUND

    return _jpeg([[shade(row, column) for column in range(blocks)] for row in range(blocks)], side)


def _jpeg(blocks: list[list[tuple[int, int, int]]], side: int) -> bytes:
    quantization = _segment(0xDB, bytes([0]) + bytes([8] * 64))
    components = b"".join(bytes([number, 0x11, 0]) for number in (1, 2, 3))
    frame = _segment(0xC0, struct.pack(">BHHB", 8, side, side, 3) + components)
    means = _segment(0xC4, bytes([0x00]) + bytes([0, 0, 0, 12, *[0] * 12]) + bytes(range(12)))
    rest = _segment(0xC4, bytes([0x10]) + bytes([1, *[0] * 15]) + bytes([0]))
    scan = _segment(0xDA, bytes([3, 1, 0, 2, 0, 3, 0, 0, 63, 0]))
    return b"\xff\xd8" + quantization + frame + means + rest + scan + _entropy(blocks) + b"\xff\xd9"


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _entropy(blocks: list[list[tuple[int, int, int]]]) -> bytes:
    bits: list[str] = []
    before = [0, 0, 0]
    for row in blocks:
        for colour in row:
            for place, level in enumerate(_to_ycc(colour)):
                bits.append(_mean(level - before[place]))
                bits.append(format(END_OF_BLOCK[0], f"0{END_OF_BLOCK[1]}b"))
                before[place] = level
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\x00")


def _mean(difference: int) -> str:
    size = abs(difference).bit_length()
    if size == 0:
        return format(0, f"0{SIZE_BITS}b")
    value = difference if difference > 0 else difference + (1 << size) - 1
    return format(size, f"0{SIZE_BITS}b") + format(value, f"0{size}b")


def _to_ycc(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """The three means of a flat block. With 8 in the quantization table they are the levels themselves."""
    red, green, blue = colour
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return round(luma) - 128, round((blue - luma) * 0.564), round((red - luma) * 0.713)
