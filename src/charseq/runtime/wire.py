"""Protocol buffers, as far as needed to check a file before a library reads it.

A message is a sequence of fields, each a key and a value. The lowest three bits of the key say how
the value is laid out; the others are the field's number. Source: "Encoding", the documentation of
Protocol Buffers.
"""

from collections.abc import Iterator

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
LONGEST_VARINT = 10
# Far more than a message of an export has; what is read of a field takes up to 100 times its size.
MOST_FIELDS = 20_000


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield the number and the value of each field; bytes, strings and messages as views.

    Raises:
        ValueError: if `message` is not a message, or has more than `MOST_FIELDS`.
    """
    place = count = 0
    while place < len(message):
        count += 1
        if count > MOST_FIELDS:
            raise ValueError(f"a message has more than {MOST_FIELDS:,} fields")
        key, place = _varint(message, place)
        number, layout = key >> 3, key & 7
        value: int | memoryview
        if layout == VARINT:
            value, place = _varint(message, place)
        elif layout in (BYTES, FIXED_64, FIXED_32):
            size = 8 if layout == FIXED_64 else 4
            if layout == BYTES:
                size, place = _varint(message, place)
            if size > len(message) - place:
                raise ValueError("a field is longer than the message that contains it")
            value = message[place : place + size]
            place += size
        else:
            raise ValueError("a field is of an unknown wire type")
        yield number, value


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(message) and shift < 7 * LONGEST_VARINT:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
    raise ValueError("a number is truncated or too long")
