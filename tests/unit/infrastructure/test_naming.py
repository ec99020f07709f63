"""Names and tags."""

from studioctl.infrastructure.naming import HOMES_TAG, home_tags, read_home_tags


def test_whose_directory_is_which_is_written_into_tags_and_read_again() -> None:
    few = {"ada": "200001", "bob": "200002"}
    many = {f"user-{number:03}": str(200_000 + number) for number in range(300)}

    assert home_tags(few) == {f"{HOMES_TAG}-1": "ada=200001 bob=200002"}
    assert home_tags({}) == {}
    assert read_home_tags({**home_tags(many), "Name": "x=y"}) == many
    assert all(len(value) <= 256 for value in home_tags(many).values())


def test_who_does_not_fit_in_is_left_out() -> None:
    everybody = {f"{'u' * 59}{number:04}": str(200_000 + number) for number in range(1000)}

    assert len(home_tags(everybody)) == 40
    assert read_home_tags(home_tags(everybody)).items() <= everybody.items()
