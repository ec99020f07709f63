"""The list of mutations fits the code: what each changes is there, once, and its tests exist."""

from tests.mutations.__main__ import SOURCE, TESTS, listed, mutated


def test_every_mutation_can_be_made() -> None:
    for mutation in listed():
        text = (SOURCE / mutation.file).read_text(encoding="utf-8")
        assert mutated(mutation, text) != text
        assert [name for name in mutation.tests if not (TESTS / "unit" / name).is_file()] == []


def test_there_are_enough() -> None:
    names = [mutation.name for mutation in listed()]
    assert len(names) >= 30
    assert len(set(names)) == len(names)
