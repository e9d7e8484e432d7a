"""The permutation: its vectors, that it is one, and that neighbours get unrelated codes."""

import csv
import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from geo.code import ALPHABET, PAYLOAD_END, PAYLOAD_FIRST, SerialRangeError
from geo.code_bulk import codes_from_serials
from geo.permutation import N, Permutation

VECTORS = Path(__file__).parents[1] / "vectors" / "permutation.csv"
KEY = hashlib.sha256(b"a fixed key, so that no statistic can flake").digest()
PERMUTATION = Permutation(KEY)

ordinals = st.integers(0, N - 1)


def vector_keys() -> dict[str, list[tuple[int, int]]]:
    keys: dict[str, list[tuple[int, int]]] = {}
    with VECTORS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            keys.setdefault(row["key_hex"], []).append((int(row["ordinal"]), int(row["serial"])))
    return keys


@pytest.mark.parametrize(("key_hex", "pairs"), vector_keys().items())
def test_serials_of_the_vectors(key_hex: str, pairs: list[tuple[int, int]]) -> None:
    permutation = Permutation(bytes.fromhex(key_hex))
    bulk = permutation.code_serials(np.array([ordinal for ordinal, _ in pairs]))
    assert bulk.tolist() == [serial for _, serial in pairs]
    for ordinal, serial in pairs:
        assert permutation.code_serial(ordinal) == serial
        assert permutation.ordinal(serial) == ordinal


@given(st.binary(min_size=32, max_size=32), ordinals)
def test_ordinal_undoes_code_serial_under_any_key(key: bytes, ordinal: int) -> None:
    permutation = Permutation(key)
    serial = permutation.code_serial(ordinal)
    assert PAYLOAD_FIRST <= serial < PAYLOAD_END
    assert permutation.ordinal(serial) == ordinal


@given(ordinals)
def test_code_serial_undoes_ordinal(offset: int) -> None:
    serial = PAYLOAD_FIRST + offset
    assert PERMUTATION.code_serial(PERMUTATION.ordinal(serial)) == serial


def test_bulk_equals_scalar() -> None:
    spread = np.linspace(0, N - 1, 20_011).astype(np.int64)
    bulk = PERMUTATION.code_serials(spread)
    assert bulk.tolist() == [PERMUTATION.code_serial(int(ordinal)) for ordinal in spread]
    assert np.array_equal(PERMUTATION.ordinals(bulk), spread)


def test_bulk_does_not_change_its_input_and_accepts_an_empty_array() -> None:
    given_ordinals = np.arange(10)
    PERMUTATION.code_serials(given_ordinals)
    assert given_ordinals.tolist() == list(range(10))
    assert PERMUTATION.code_serials(given_ordinals[:0]).size == 0


def test_no_two_ordinals_share_a_serial() -> None:
    serials = neighbours(500_000)
    assert np.unique(serials).size == serials.size
    assert serials.min() >= PAYLOAD_FIRST
    assert serials.max() < PAYLOAD_END


@pytest.mark.parametrize("ordinal", [-1, N])
def test_ordinal_outside_the_range_is_refused(ordinal: int) -> None:
    with pytest.raises(ValueError, match="ordinal lies in"):
        PERMUTATION.code_serial(ordinal)
    with pytest.raises(ValueError, match="ordinal lies in"):
        PERMUTATION.code_serials(np.array([0, ordinal]))


def test_ordinals_must_be_integers() -> None:
    with pytest.raises(TypeError):
        PERMUTATION.code_serials(np.array([1.0]))


@pytest.mark.parametrize("serial", [0, PAYLOAD_FIRST - 1, PAYLOAD_END])
def test_demo_serial_has_no_ordinal(serial: int) -> None:
    with pytest.raises(SerialRangeError):
        PERMUTATION.ordinal(serial)
    with pytest.raises(SerialRangeError):
        PERMUTATION.ordinals(np.array([PAYLOAD_FIRST, serial]))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_key_of_wrong_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match=f"32 bytes, not {length}") as caught:
        Permutation(b"\xaa" * length)
    assert "\\xaa" not in str(caught.value)


def test_repr_shows_neither_key_nor_tables() -> None:
    assert repr(PERMUTATION) == "Permutation()"
    with pytest.raises(AttributeError):
        PERMUTATION.key  # type: ignore[attr-defined] # noqa: B018


# Neighbours. n samples of a fair statistic have a standard error of about 1 / sqrt(n); every bound
# below is five of them, and the key is fixed.


def neighbours(count: int) -> NDArray[np.int64]:
    return PERMUTATION.code_serials(np.arange(count))


@pytest.mark.parametrize("distance", [1, 2, 19, 1 << 15])
def test_serials_of_neighbours_do_not_correlate(distance: int) -> None:
    serials = neighbours(1 << 17).astype(np.float64)
    pairs = serials.size - distance
    correlation = np.corrcoef(serials[:pairs], serials[distance:])[0, 1]
    assert abs(correlation) < 5 / np.sqrt(pairs)


def test_symbols_of_neighbours_match_only_by_chance() -> None:
    symbols = codes_from_serials(neighbours(1 << 17)).view(np.uint8).reshape(-1, 8)
    agree = (symbols[1:] == symbols[:-1]).mean(axis=0)
    chance = np.array([1 / 18] + [1 / 19] * 7)
    assert (abs(agree - chance) < 5 * np.sqrt(chance / len(symbols))).all()


def test_every_symbol_is_equally_frequent_at_every_place() -> None:
    symbols = codes_from_serials(neighbours(1 << 17)).view(np.uint8).reshape(-1, 8)
    for place in range(8):
        possible = ALPHABET[1:] if place == 0 else ALPHABET
        counts = np.array([(symbols[:, place] == ord(symbol)).sum() for symbol in possible])
        expected = len(symbols) / len(possible)
        chi_square = ((counts - expected) ** 2 / expected).sum()
        # 18 degrees of freedom: mean 18, standard deviation 6.
        assert chi_square < 18 + 5 * 6


def test_another_key_gives_unrelated_serials() -> None:
    one_bit_off = Permutation(bytes([KEY[0] ^ 1]) + KEY[1:])
    mine, other = neighbours(1 << 17), one_bit_off.code_serials(np.arange(1 << 17))
    assert abs(np.corrcoef(mine, other)[0, 1]) < 5 / np.sqrt(mine.size)
