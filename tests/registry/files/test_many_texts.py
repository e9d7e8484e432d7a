"""Free texts, read by several processes: as one reads them, and in their order."""

import pytest

from registry.intake import texts as intake_texts
from registry.intake.texts import TextReader, TextReaders
from registry.units.gazetteer import Gazetteer, today
from tests.support.vectors import read_vectors


@pytest.mark.thorough
def test_several_processes_give_the_same_ordered_readings_as_one(
    gazetteer: Gazetteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_texts, "_TOGETHER", 100)
    monkeypatch.setattr(intake_texts, "_CHUNK", 7)
    monkeypatch.setattr(intake_texts.os, "cpu_count", lambda: 2)
    texts = [(row["text"], *[""] * 13) for row in read_vectors("addresses")]
    alone = TextReader(gazetteer, today())
    readers = TextReaders(gazetteer, today())
    try:
        first, second = readers.read(texts[:200]), readers.read(texts[200:])
        assert [*first, *second] == [alone.read(*text) for text in texts]
    finally:
        readers.close()
