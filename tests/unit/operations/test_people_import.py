"""A list is taken over into studio.toml: who is in it already is found, and nobody takes somebody else's place."""

from pathlib import Path

import pytest

from studioctl.config.people_csv import Row
from studioctl.config.text import Elsewhere
from studioctl.errors import ConfigError
from studioctl.operations import people_import
from studioctl.operations.people import Change

FILE = Path("studio.toml")
TOP = 'name = "acme-ml"\nregion = "us-east-1"\n'
SSO = '[access]\nauth = "sso"\n'


def user(name: str, mail: str = "") -> str:
    return f'\n[[users]]\nname = "{name}"\n' + (f'sso_user = "{mail}"\n' if mail else "")


def directory(*mails: str, is_sso: bool) -> list[Row]:
    return [people_import.member(mail, is_sso=is_sso) for mail in mails]


def imported(text: str, rows: list[Row]) -> tuple[str, Change]:
    """What comes below the users of the file, and the change."""
    change = people_import.import_(text, FILE, rows, "the names there")
    lines = change.diff.splitlines(keepends=True)[2:]
    return "".join(line[1:] for line in lines if line.startswith("+")), change


def test_another_person_of_the_same_name_is_another_user() -> None:
    text = TOP + user("ada", "ada@x.com") + SSO

    come, change = imported(text, directory("ada@y.com", "ADA@X.COM", is_sso=True))

    assert come.strip() == user("ada-2", "ada@y.com").strip()
    assert (change.added, change.known, change.numbered) == (("ada-2",), ("ada",), {"ada-2": "ada@y.com"})
    assert imported(change.after, directory("ada@y.com", "ADA@X.COM", is_sso=True))[1].known == ("ada-2", "ada")


def test_two_of_one_name_come_together() -> None:
    rows = directory("bob@x.com", "bob@y.com", "bob-2@x.com", is_sso=True)

    come, change = imported(TOP + user("ada", "ada@x.com") + SSO, rows)

    assert (
        come.strip() == (user("bob", "bob@x.com") + user("bob-2", "bob@y.com") + user("bob-2-2", "bob-2@x.com")).strip()
    )
    assert change.numbered == {"bob-2": "bob@y.com", "bob-2-2": "bob-2@x.com"}
    again = imported(change.after, rows)[1]
    assert (again.diff, again.known) == ("", ("bob", "bob-2", "bob-2-2"))


def test_who_was_renamed_in_the_file_is_in_it() -> None:
    text = TOP + user("lovelace", "ada@x.com") + SSO

    assert imported(text, directory("ada@x.com", is_sso=True))[1].known == ("lovelace",)


def test_without_addresses_in_the_file_each_name_is_one_person() -> None:
    rows = directory("bob@x.com", "bob@y.com", is_sso=False)

    change = imported(TOP + user("bob"), rows)[1]

    assert (change.added, change.known, change.numbered) == (("bob-2",), ("bob",), {"bob-2": "bob@y.com"})
    again = imported(change.after, rows)[1]
    assert (again.diff, again.known) == ("", ("bob", "bob-2"))


def test_a_long_name_has_room_for_its_number() -> None:
    change = imported(TOP + user("ada"), directory(f"{'b' * 80}@x.com", f"{'b' * 80}@y.com", is_sso=False))[1]

    assert change.added == ("b" * 56, "b" * 54 + "-2")


def of_csv(*people: tuple[str, str]) -> list[Row]:
    return [
        Row((Elsewhere("people.csv"), line), {"name": name, "sso_user": mail})
        for line, (name, mail) in enumerate(people, start=2)
    ]


def test_a_name_that_a_list_chose_is_refused_where_it_is_taken() -> None:
    text = TOP + user("ada", "ada@x.com") + SSO

    with pytest.raises(ConfigError) as caught:
        imported(text, of_csv(("ada", "ada@y.com")))

    assert caught.value.message == 'people.csv:2: name: "ada" is already the name of another user; write another name'
    assert imported(text, of_csv(("countess", "Ada@x.com")))[1].known == ("ada",)


def test_what_to_correct_is_each_file_with_mistakes() -> None:
    room = '"10.0.0.0/16" has 8180 addresses in 2 zones for 8202 spaces'
    names = ("e e", *(f"user-{number}" for number in range(8200)))
    rows = [Row((Elsewhere("people.csv"), line), {"name": name}) for line, name in enumerate(names, start=2)]

    with pytest.raises(ConfigError) as caught:
        people_import.import_(TOP + user("ada"), FILE, rows, "people.csv")

    assert caught.value.message.splitlines() == [
        f"studio.toml: network.cidr: {room}; write subnet_prefix = 19",
        'people.csv:2: name: "e e" contains " "; write "e-e"',
    ]
    assert caught.value.hint == "correct studio.toml and people.csv, then run the same command again"


def test_nobody_is_compared_with_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Row, "__eq__", lambda *_: pytest.fail("a row was compared with another"))
    rows = [Row((Elsewhere("people.csv"), 2 + number), {"name": f"user-{number}"}) for number in range(50)]

    change = imported(TOP + user("user-7"), rows)[1]

    assert (len(change.added), change.known) == (49, ("user-7",))
