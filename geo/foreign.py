"""Texts that cannot be an address in Viet Nam: of another country, or in another script.

What has a place in Viet Nam all the same keeps it, with a fault: so that no address is lost by it.
"""

import unicodedata
from collections.abc import Sequence
from typing import Final

from geo.text import fold

# As they stand at the end of an address, in Vietnamese, English and their own language. Names that
# Vietnamese places bear as well (Mỹ, Anh, Đức, Pháp, Nga, Ý, Áo, Bỉ) are left out.
_COUNTRIES: Final = """
    lao|laos|cambodia|campuchia|kampuchea|thailand|thai lan|china|pr china|trung quoc|taiwan|
    dai loan|hong kong|hongkong|macau|macao|japan|nhat ban|nippon|korea|south korea|han quoc|
    north korea|trieu tien|malaysia|singapore|xin ga po|indonesia|philippines|brunei|myanmar|
    mien dien|india|an do|bangladesh|pakistan|sri lanka|nepal|mongolia|mong co|russia|
    lien bang nga|ukraine|france|germany|deutschland|italy|italia|spain|espana|tay ban nha|
    portugal|bo dao nha|united kingdom|uk|england|scotland|great britain|vuong quoc anh|ireland|
    netherlands|nederland|ha lan|belgium|switzerland|schweiz|suisse|thuy si|austria|osterreich|
    sweden|sverige|thuy dien|norway|norge|na uy|denmark|danmark|dan mach|finland|suomi|phan lan|
    poland|polska|ba lan|czech republic|czechia|cong hoa sec|hungary|greece|hi lap|turkey|turkiye|
    tho nhi ki|usa|u s a|united states|united states of america|hoa ki|canada|mexico|brazil|brasil|
    argentina|chile|peru|colombia|australia|new zealand|south africa|nam phi|egypt|ai cap|nigeria|
    kenya|uae|united arab emirates|saudi arabia|israel|iran|iraq|qatar|kuwait
"""
# Cities to which people in Viet Nam send, and that share their name with no place of it.
_CITIES: Final = """
    london|manchester|birmingham|paris|lyon|marseille|berlin|hamburg|munich|munchen|frankfurt|
    amsterdam|rotterdam|brussels|bruxelles|zurich|geneva|vienna|wien|prague|praha|warsaw|warszawa|
    budapest|moscow|moskva|madrid|barcelona|rome|roma|milan|milano|stockholm|oslo|copenhagen|
    helsinki|dublin|new york|los angeles|san francisco|san jose|houston|chicago|boston|seattle|
    washington dc|toronto|vancouver|montreal|sydney|melbourne|brisbane|perth|auckland|tokyo|osaka|
    kyoto|nagoya|seoul|busan|beijing|bac kinh|shanghai|thuong hai|guangzhou|quang chau|shenzhen|
    taipei|dai bac|kaohsiung|bangkok|phnom penh|vientiane|vieng chan|kuala lumpur|jakarta|manila|
    yangon|new delhi|mumbai|dubai
"""
COUNTRIES: Final = frozenset(name.strip() for name in _COUNTRIES.split("|"))
_ABROAD: Final = COUNTRIES | {name.strip() for name in _CITIES.split("|")}


def is_elsewhere(text: str, unread: Sequence[str]) -> bool:
    """Whether `text`, of which `unread` names nothing, is of another country or another script.

    >>> is_elsewhere("12 Rue de Rivoli, Paris, France", ["Paris", "France"])
    True
    >>> is_elsewhere("10 Downing Street, London", ["London"])
    True
    >>> is_elsewhere("東京都千代田区", []), is_elsewhere("12 Lê Lợi", [])
    (True, False)
    """
    return any(fold(part) in _ABROAD for part in unread) or _in_other_script(text)


def ends_in_other_country(text: str) -> bool:
    """Whether the last part of `text` is another country.

    >>> ends_in_other_country("12 Láng, Hà Nội, U.S.A."), ends_in_other_country("12 Láng, Hà Nội")
    (True, False)
    """
    return fold(text.rpartition(",")[2]) in COUNTRIES


def _in_other_script(text: str) -> bool:
    """Whether most letters are not Latin ones."""
    letters = [sign for sign in unicodedata.normalize("NFKC", text) if sign.isalpha()]
    latin = sum("LATIN" in unicodedata.name(letter, "") for letter in letters)
    return 2 * latin < len(letters)
