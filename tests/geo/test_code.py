"""Codes: the vectors, the promises of the check, and everything that a keyboard does to a code."""

import csv
import unicodedata
from contextlib import suppress
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_2, mod_97_10

from geo import code as codes
from geo.code import ALPHABET, PAYLOAD_END, PAYLOAD_FIRST, CodeError
from geo.code_bulk import codes_from_serials, serials_from_codes
from geo.code_writing import strip_announcement

VECTORS = Path(__file__).parents[1] / "vectors"

serials = st.integers(0, PAYLOAD_END - 1)
canonical = serials.map(codes.from_serial)
symbols = st.sampled_from(ALPHABET)
places = st.integers(0, 7)


def read_vectors(name: str) -> list[dict[str, str]]:
    with (VECTORS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_passes(code: str) -> bool:
    return mod_37_2.is_valid(code, alphabet=ALPHABET)


# The vectors


def test_code_of_each_vector() -> None:
    for row in read_vectors("codes.csv"):
        assert codes.from_serial(int(row["serial"])) == row["code"]
        assert codes.to_serial(row["display"]) == int(row["serial"])
        assert codes.format(row["code"]) == row["display"]
        assert codes.spoken(row["code"]) == row["spoken"]
        assert codes.from_spoken(row["spoken"]) == row["code"]
        assert codes.calc_check_digit(row["code"][:7]) == row["code"][7]
        assert codes.is_demo(row["code"]) == (int(row["serial"]) < 19**6)


def test_validate_each_written_vector() -> None:
    for row in read_vectors("codes_written.csv"):
        if row["error"]:
            with pytest.raises(CodeError) as caught:
                codes.validate(row["text"])
            assert caught.value.code == row["error"], row["how"]
            assert not codes.is_valid(row["text"]), row["how"]
        else:
            assert codes.validate(row["text"]) == row["canonical"], row["how"]
            assert codes.compact(row["text"]) == row["canonical"], row["how"]
            assert codes.is_valid(row["text"]), row["how"]


# Round trips and independent oracles


@given(serials)
def test_round_trip_of_any_serial(serial: int) -> None:
    code = codes.from_serial(serial)
    assert codes.to_serial(code) == serial
    assert codes.validate(codes.format(code)) == code
    assert codes.from_spoken(codes.spoken(code)) == code


@given(serials)
def test_checks_agree_with_stdnum(serial: int) -> None:
    code = codes.from_serial(serial)
    assert check_passes(code)
    assert codes.spoken(code)[:9] == f"{serial:09}"
    assert mod_97_10.is_valid(codes.spoken(code))


@given(st.text(ALPHABET, min_size=8, max_size=8))
def test_validate_agrees_with_stdnum_for_any_symbols(text: str) -> None:
    assert codes.is_valid(text) == check_passes(text)


@pytest.mark.parametrize("serial", [-1, PAYLOAD_END])
def test_from_serial_outside_the_range(serial: int) -> None:
    with pytest.raises(codes.SerialRangeError):
        codes.from_serial(serial)


# What the check promises


@given(canonical)
def test_every_wrong_symbol_is_detected(code: str) -> None:
    for place in range(8):
        for symbol in set(ALPHABET) - {code[place]}:
            assert not codes.is_valid(code[:place] + symbol + code[place + 1 :])


@given(canonical)
def test_every_transposition_at_any_distance_is_detected(code: str) -> None:
    for first, second in combinations(range(8), 2):
        if code[first] != code[second]:
            assert not codes.is_valid(swapped(code, first, second))


@given(places, places, symbols, st.text(ALPHABET, min_size=7, max_size=7))
def test_every_twin_error_is_detected(first: int, second: int, twin: str, payload: str) -> None:
    # Twins need two free places of the payload, so that the check symbol can be computed.
    if first == second or 7 in (first, second):
        return
    code = codes.from_serial(payload_serial(replaced(payload, (first, second), twin)))
    for other in set(ALPHABET) - {twin}:
        assert not codes.is_valid(replaced(code, (first, second), other))


def test_every_twin_error_with_the_check_symbol_is_detected() -> None:
    twins = 0
    for serial in range(PAYLOAD_FIRST, PAYLOAD_FIRST + 4000):
        code = codes.from_serial(serial)
        for place in (place for place in range(7) if code[place] == code[7]):
            twins += 1
            for other in set(ALPHABET) - {code[7]}:
                assert not codes.is_valid(replaced(code, (place, 7), other))
    assert twins > 1000


@given(serials, st.integers(0, 10), st.sampled_from("0123456789"))
def test_every_wrong_spoken_digit_is_detected(serial: int, place: int, digit: str) -> None:
    digits = codes.spoken(codes.from_serial(serial))
    if digits[place] != digit:
        with pytest.raises(CodeError):
            codes.from_spoken(digits[:place] + digit + digits[place + 1 :])


def swapped(code: str, first: int, second: int) -> str:
    letters = list(code)
    letters[first], letters[second] = letters[second], letters[first]
    return "".join(letters)


def replaced(text: str, where: tuple[int, ...], symbol: str) -> str:
    return "".join(symbol if place in where else old for place, old in enumerate(text))


def payload_serial(payload: str) -> int:
    serial = 0
    for symbol in payload:
        serial = 19 * serial + ALPHABET.index(symbol)
    return serial


# Reading


def assert_raises_only_code_errors(text: str) -> None:
    for reader in (codes.validate, codes.compact, codes.format, codes.spoken, codes.from_spoken):
        with suppress(CodeError):
            reader(text)
    assert codes.is_valid(text) in (True, False)
    assert all(map(check_passes, codes.suggestions(text)))


@given(st.text(st.characters(), max_size=220))
def test_any_text_raises_only_code_errors(text: str) -> None:
    assert_raises_only_code_errors(text)


@given(st.text("OIoiAEUYDđĐÔƠốợĩ\u0301\u0302\u0323\u031bMPTK016-", max_size=14))
def test_stacked_diacritics_raise_only_code_errors(text: str) -> None:
    assert_raises_only_code_errors(text)


@pytest.mark.parametrize(
    "text",
    [
        "\u0301" * 10_000,
        "Ố" * 5_000,
        "O\u0302\u0323" * 3_000,
        "\ufdfa" * 3_000,
        "ỐM" * 60,  # within TEXT_MAX, but with more readings than there is memory
        "\ud800" * 8,
    ],
)
def test_hopeless_text_is_refused(text: str) -> None:
    assert not codes.is_valid(text)
    assert codes.suggestions(text) == ()


@given(canonical, st.data())
def test_parsing_ignores_case_look_alikes_and_separators(code: str, data: st.DataObject) -> None:
    alike = {"0": "0Oo", "1": "1IiLl", "5": "5Ss", "2": "2Zz", "8": "8Bb", "6": "6Gg"}
    between = st.sampled_from(["", "", " ", "-", "\u2011", "\u200b", "\u00a0"])
    written = "".join(
        data.draw(st.sampled_from(alike.get(symbol, symbol + symbol.lower()))) + data.draw(between)
        for symbol in code
    )
    assert codes.validate(written) == code


@given(canonical)
def test_format_is_four_and_four(code: str) -> None:
    assert codes.format(code) == f"{code[:4]}-{code[4:]}"


@pytest.mark.parametrize(
    ("payload", "error"), [("123456", "code_wrong_length"), ("12345a7", "code_foreign_symbol")]
)
def test_calc_check_digit_refuses_an_invalid_payload(payload: str, error: str) -> None:
    with pytest.raises(CodeError) as caught:
        codes.calc_check_digit(payload)
    assert caught.value.code == error


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("12345678979", "code_wrong_check"),
        ("1234567897", "code_wrong_length"),
        ("1234567897F", "code_foreign_symbol"),
        (f"{PAYLOAD_END}{mod_97_10.calc_check_digits(str(PAYLOAD_END))}", "code_out_of_range"),
        # Congruent to the right check digits, 97 and 98, but not what `spoken` gives.
        ("00000006500", "code_wrong_check"),
        ("00000000001", "code_wrong_check"),
    ],
)
def test_from_spoken_refuses_invalid_text(text: str, error: str) -> None:
    with pytest.raises(CodeError) as caught:
        codes.from_spoken(text)
    assert caught.value.code == error


@pytest.mark.parametrize("text", ["123.456.789.78", "123 456 789 - 78", "lz34567897b"])
def test_from_spoken_reads_groups_and_look_alikes(text: str) -> None:
    assert codes.from_spoken(text) == "2HT64FP5"


# Vietnamese keyboards, by an independent model of what they do


TONES = {
    "VNI": dict(zip("12345", "\u0301\u0300\u0309\u0303\u0323", strict=True)),
    "TELEX": dict(zip("SFRXJ", "\u0301\u0300\u0309\u0303\u0323", strict=True)),
}
SHAPES = {"VNI": {"6": "\u0302", "7": "\u031b"}, "TELEX": {"O": "\u0302", "W": "\u031b"}}


def type_on(keyboard: str, keys: str) -> tuple[str, bool]:
    """What `keyboard` leaves of `keys`, and whether it swallowed any of them."""
    letters: list[list[str]] = []  # letter, shape, tone
    lossy = False
    for key in keys:
        target = vowel_before(letters)
        shape, tone = SHAPES[keyboard].get(key), TONES[keyboard].get(key)
        if target and shape and target[0] == "O":
            lossy |= bool(target[1])
            target[1] = shape
        elif target and tone:
            lossy |= bool(target[2])
            target[2] = tone
        else:
            letters.append([key, "", ""])
    return unicodedata.normalize("NFC", "".join(map("".join, letters))), lossy


def vowel_before(letters: list[list[str]]) -> list[str] | None:
    """The vowel that the next key may change: the last letter, or before a final consonant."""
    if letters and letters[-1][0] in "OI":
        return letters[-1]
    if len(letters) > 1 and letters[-1][0] in "MPT" and letters[-2][0] in "OI":
        return letters[-2]
    return None


# Codes in which accidents are frequent.
accident_prone = st.text("01230567FRXMT", min_size=7, max_size=7).map(
    lambda payload: payload + codes.calc_check_digit(payload)
)


@given(accident_prone, st.sampled_from(["VNI", "TELEX"]), st.integers(0, 255), st.booleans())
def test_keyboard_slips_are_undone(code: str, keyboard: str, mask: int, hyphen: bool) -> None:
    keys = "".join(
        {"0": "O", "1": "I"}.get(symbol, symbol) if mask >> place & 1 else symbol
        for place, symbol in enumerate(code)
    )
    halves = [keys[:4], keys[4:]] if hyphen else [keys]
    typed = [type_on(keyboard, half) for half in halves]
    text = "-".join(half for half, _ in typed)
    if any(lossy for _, lossy in typed):
        assert not codes.is_valid(text)  # too short, whatever the check symbol
        return
    for form in ("NFC", "NFD"):
        for written in (text, text.lower()):
            assert_read_as(unicodedata.normalize(form, written), code)


def assert_read_as(text: str, code: str) -> None:
    try:
        assert codes.validate(text) == code
    except codes.AmbiguousCodeError:
        assert code in codes.suggestions(text)


@pytest.mark.parametrize(
    ("keys", "left"), [("O11", "O1"), ("O12", "Ò"), ("O66", "O6"), ("OFF", "OF"), ("OOO", "OO")]
)
def test_code_with_a_missed_key_is_suggested(keys: str, left: str) -> None:
    payload = "K" + keys.replace("O", "0") + "2F3"
    code = payload + codes.calc_check_digit(payload)
    text = code.replace(keys.replace("O", "0"), left)
    assert not codes.is_valid(text)
    assert code in codes.suggestions(text)


# Suggestions


@given(canonical)
def test_valid_code_has_no_suggestions(code: str) -> None:
    assert codes.suggestions(codes.format(code)) == ()


@given(st.text(ALPHABET, min_size=7, max_size=9))
def test_every_suggestion_is_valid_and_given_once(text: str) -> None:
    found = codes.suggestions(text)
    assert all(map(check_passes, found))
    assert len(set(found)) == len(found) <= codes.SUGGESTIONS_MAX
    assert found == codes.suggestions(text)


@given(st.text(ALPHABET, min_size=8, max_size=8))
def test_suggestions_differ_by_one_symbol_or_one_transposition(text: str) -> None:
    if check_passes(text):
        return
    near = {
        text[:place] + symbol + text[place + 1 :] for place in range(8) for symbol in ALPHABET
    } | {swapped(text, first, second) for first, second in combinations(range(8), 2)}
    assert set(codes.suggestions(text)) == set(filter(check_passes, near))


@given(canonical, places, st.characters(codec="utf-8"))
def test_code_is_suggested_for_a_wrong_symbol(code: str, place: int, wrong: str) -> None:
    text = code[:place] + wrong + code[place + 1 :]
    # An accent, a separator or a ligature is more than a wrong symbol.
    if len(codes.compact(text)) == 8 and not codes.is_valid(text) and wrong not in "đĐ":
        assert code in codes.suggestions(text)


@given(canonical, st.integers(0, 10), st.sampled_from("0123456789"))
def test_code_is_suggested_for_a_misheard_digit(code: str, place: int, wrong: str) -> None:
    digits = codes.spoken(code)
    text = digits[:place] + wrong + digits[place + 1 :]
    grouped = f"{text[:3]} {text[3:6]}.{text[6:9]}-{text[9:]}"
    if wrong != digits[place]:
        for each in (text, grouped):
            assert code in codes.suggestions(each)
        assert all(map(check_passes, codes.suggestions(text)))
    else:
        assert codes.suggestions(text) == ()


@given(canonical, st.integers(0, 9))
def test_code_is_suggested_for_digits_swapped_in_speech(code: str, place: int) -> None:
    digits = codes.spoken(code)
    text = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    assert text == digits or code in codes.suggestions(text)


@given(canonical, places)
def test_code_is_suggested_for_a_missing_symbol(code: str, place: int) -> None:
    assert code in codes.suggestions(code[:place] + code[place + 1 :])


@given(canonical, st.integers(0, 8), st.sampled_from(ALPHABET + "CW?"))
def test_code_is_suggested_for_a_surplus_symbol(code: str, place: int, surplus: str) -> None:
    assert code in codes.suggestions(code[:place] + surplus + code[place:])


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("7H6X-XH2V", "1H6XXH2V"),  # 7 for 1, as in handwriting
        ("1H6X-HX2V", "1H6XXH2V"),  # neighbours swapped
        ("1H6X-XH2K", "1H6XXH2V"),  # the last symbol, which only checks the others
        ("1H6X-H2V", "1H6XXH2V"),  # one X of two
        ("6RHFP-HMMH", "6RHFPHMH"),  # one M doubled; without the 6 it is valid, too
        ("1H6X-XH2U", "1H6XXH2V"),  # a foreign letter can only be one symbol
        ("1HE6X-XH2V", "1H6XXH2V"),  # a foreign letter too many
    ],
)
def test_likeliest_suggestion_comes_first(text: str, first: str) -> None:
    assert codes.suggestions(text)[0] == first


def test_arbitrary_wrong_symbol_comes_before_a_far_swap() -> None:
    found = codes.suggestions("VH6X-XH21")  # the first and last symbol swapped
    assert found[-1] == "1H6XXH2V"
    assert len(found) > 8


def test_ambiguous_text_suggests_its_readings() -> None:
    assert codes.suggestions("KỔ-000H") == ("K063000H", "K00R000H")


# The bulk path


def test_bulk_codes_equal_scalar_codes() -> None:
    sample = np.random.default_rng(7064).integers(0, PAYLOAD_END, 40_000)
    edges = [0, 1, 18, 19, 19**4 - 1, 19**4, PAYLOAD_FIRST - 1, PAYLOAD_FIRST, PAYLOAD_END - 1]
    numbers = np.concatenate([np.array(edges), sample])
    made = codes_from_serials(numbers)
    assert made.dtype == "S8"
    assert [code.decode() for code in made] == [codes.from_serial(int(n)) for n in numbers]
    back, valid = serials_from_codes(made)
    assert valid.all()
    assert (back == numbers).all()


def test_bulk_codes_of_a_strided_and_an_empty_array() -> None:
    numbers = np.arange(100, 200)
    assert (codes_from_serials(numbers[::3]) == codes_from_serials(numbers)[::3]).all()
    every_third, valid = serials_from_codes(codes_from_serials(numbers)[::3])
    assert (every_third == numbers[::3]).all()
    assert valid.all()
    assert codes_from_serials(numbers[:0]).size == 0


@given(st.lists(st.text(ALPHABET + "OIa-\x00~", max_size=8), max_size=20))
def test_bulk_validity_is_that_of_canonical_text(texts: list[str]) -> None:
    array = np.array([text.encode() for text in texts], dtype="S8")
    back, valid = serials_from_codes(array)
    for text, number, good in zip(array.tolist(), back, valid, strict=True):
        written = text.decode()
        assert good == (set(written) <= set(ALPHABET) and codes.is_valid(written))
        assert not good or codes.to_serial(written) == number


@pytest.mark.parametrize("serial", [-1, PAYLOAD_END])
def test_bulk_codes_outside_the_range(serial: int) -> None:
    with pytest.raises(codes.SerialRangeError):
        codes_from_serials(np.array([PAYLOAD_FIRST, serial]))


def test_bulk_refuses_other_types() -> None:
    with pytest.raises(TypeError):
        codes_from_serials(np.array([1.5]))
    with pytest.raises(TypeError):
        serials_from_codes(np.array([b"1H6XXH2V0"]))


@pytest.mark.parametrize(
    "word", ["mã ", "Mã: ", "MÃ #", "ma ", "code: ", "# ", "#", "mã địa chỉ số ", "mã đc:"]
)
def test_word_announcing_a_code_is_removed(word: str) -> None:
    for text in ("2HT6-4FP5", "2ht6 4fp5", "12345678978"):
        for form in ("NFC", "NFD"):
            assert strip_announcement(unicodedata.normalize(form, word + text)) == text


def test_plate_link_is_removed_whatever_its_host() -> None:
    for host in ("https://diachi.example", "http://127.0.0.1:8000", "HTTP://[::1]:8000"):
        for end in ("", "/", "?x=1", "#report", "/?x#y"):
            assert strip_announcement(f" {host}/a/2HT6-4FP5{end} ") == "2HT6-4FP5"
    for text in ("https://diachi.example/b/2HT6-4FP5", "https://diachi.example/a/", "/a/2HT6-4FP5"):
        assert strip_announcement(text) == text


@given(serials)
def test_code_without_an_announcement_is_unchanged(serial: int) -> None:
    code = codes.from_serial(serial)
    for text in (code, codes.format(code), code.lower(), codes.spoken(code)):
        assert strip_announcement(text) == text
    # `Mai 12…` is a name.
    assert strip_announcement(f"Mai {code}") == f"Mai {code}"
