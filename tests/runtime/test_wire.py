"""Fields of Protocol Buffers, read without the library."""

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charseq.runtime.wire import BYTES, FIXED_32, FIXED_64, VARINT, fields


def varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def field(number: int, layout: int, value: int | bytes) -> bytes:
    key = varint(number << 3 | layout)
    if isinstance(value, int):
        return key + varint(value)
    return key + (varint(len(value)) if layout == BYTES else b"") + value


numbers = st.integers(1, 2**29 - 1)
one_field = st.one_of(
    st.tuples(numbers, st.just(VARINT), st.integers(0, 2**64 - 1)),
    st.tuples(numbers, st.just(BYTES), st.binary(max_size=300)),
    st.tuples(numbers, st.just(FIXED_32), st.binary(min_size=4, max_size=4)),
    st.tuples(numbers, st.just(FIXED_64), st.binary(min_size=8, max_size=8)),
)


@given(st.lists(one_field, max_size=8))
def test_fields_come_back_in_order(written: list[tuple[int, int, int | bytes]]) -> None:
    message = b"".join(field(*each) for each in written)
    assert list(fields(memoryview(message))) == [(number, value) for number, _, value in written]


@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_a_value_error(message: bytes) -> None:
    try:
        found = list(fields(memoryview(message)))
    except ValueError:
        return
    # Each field has a key of a byte at least, and what it holds is within the message.
    held = sum(1 + (1 if isinstance(value, int) else len(value)) for _, value in found)
    assert held <= len(message)


@given(st.lists(one_field, min_size=1, max_size=3), st.data())
def test_a_message_that_is_cut_within_a_field_is_refused(written, data: st.DataObject) -> None:
    *whole, last = (field(*each) for each in written)
    keep = data.draw(st.integers(1, len(last) - 1)) if len(last) > 1 else 0
    cut = b"".join(whole) + last[:keep]
    if keep:
        with pytest.raises(ValueError, match=r"truncated|longer than the message that contains it"):
            list(fields(memoryview(cut)))


@pytest.mark.parametrize("message", [b"\x0b", b"\x0c", b"\x0e", b"\x80" * 11, b"\xff" * 10])
def test_groups_and_endless_numbers_are_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"unknown|too long"):
        list(fields(memoryview(message)))


def test_it_reads_what_the_library_writes() -> None:
    node = onnx.helper.make_node("Add", ["a", "b"], ["c"], axis=-1)
    found = list(fields(memoryview(node.SerializeToString())))
    assert [(number, bytes(value)) for number, value in found[:4]] == [
        (1, b"a"),
        (1, b"b"),
        (2, b"c"),
        (4, b"Add"),
    ]
    attribute = dict(fields(found[4][1]))
    assert (attribute[1], attribute[3]) == (b"axis", 2**64 - 1)
