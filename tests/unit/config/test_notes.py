"""Notes on valid values that may still surprise, and on nothing else."""

from typing import Any

from studioctl.catalog.images import support
from studioctl.config.model import EnvironmentConfig
from studioctl.config.notes import notes
from studioctl.config.text import path

CLOSED = {"access": "vpc-only"}


def told(**sections: Any) -> list[str]:
    given = {"name": "acme-ml", "region": "us-east-1", "users": [{"name": "ada"}], **sections}
    return [f"{path(place)}: {words}" for place, words in notes(EnvironmentConfig.model_validate(given))]


def test_an_ordinary_file_has_none() -> None:
    assert told(editor={"repositories": ["https://github.com/acme/a.git"]}, secrets={"github": {"username": "a"}}) == []
    assert told(network=CLOSED, studio={"docker": False}) == []


def test_which_images_docker_gets_in_a_closed_network() -> None:
    reached = (
        "studio.docker: in a closed network Docker pulls and pushes ECR images of your account and pulls AWS's own"
    )
    never = "nothing from Docker Hub, nor FROM scratch"
    trusting = {"trusted_accounts": ["111122223333"]}

    assert told(network=CLOSED) == [f"{reached}; {never}; name more: trusted_accounts = [...]"]
    assert told(network=CLOSED, studio=trusting) == [f"{reached}, and of trusted_accounts; {never}"]


def test_what_docker_without_root_does_otherwise() -> None:
    ports = "published ports of containers are at 172.17.0.1, not at localhost"
    reached = "in a closed network Docker reaches what the VPC reaches"
    rootless = {"rootless_docker": True}

    assert told(studio=rootless) == [f"studio.rootless_docker: {ports}"]
    assert told(network=CLOSED, studio=rootless) == [f"studio.rootless_docker: {reached}; {ports}"]
    assert told(network={**CLOSED, "internet": "none"}, studio=rootless) == [
        f"studio.rootless_docker: {reached}: ECR images of your account and AWS's own; {ports}"
    ]


def test_that_a_token_is_no_key_for_ssh() -> None:
    editor = {"repositories": ["git@github.com:acme/a.git", "ssh://git@git.acme.example:22/b.git"]}
    key = "is cloned by ssh with a key in the space's ~/.ssh, which you put there"

    assert told(editor=editor, secrets={"github": {"username": "ada"}}) == [
        f'editor.repositories[0]: "git@github.com:acme/a.git" {key}, and the token for github.com is only for https://',
        f'editor.repositories[1]: "ssh://git@git.acme.example:22/b.git" {key}',
    ]


def test_that_keys_of_a_database_do_nothing_without_one() -> None:
    assert told(tuning={"database": "none", "max_acu": 4.0}) == ["tuning.max_acu: does nothing without a database"]


def test_that_an_old_image_lets_no_local_editor_in() -> None:
    old = {"image": "2.4"}
    word = 'studio.image: "2.4" lets no local editor in: `connect` needs 2.7 or newer'

    assert told(studio=old) == [word]
    assert told(studio={**old, "remote_access": False}) == told(studio={"image": "2.7"}) == []


def test_that_nobody_knows_of_an_image() -> None:
    table = f"AWS's table as of {support().as_of}"
    newer = f"is not in {table}: AWS may have it since, or not at all"
    notes_on = {version: told(studio={"image": version}) for version in ("4.99", "99.1", "5", "4.3.99", "4.3", "4")}

    assert notes_on == {
        "4.99": [f'studio.image: "4.99" {newer}'],
        "99.1": [f'studio.image: "99.1" {newer}'],
        "5": [f'studio.image: "5" {newer}'],
        "4.3.99": [f'studio.image: "4.3.99" may not exist: {table} has no versions of three numbers'],
        "4.3": [],
        "4": [],
    }


def test_that_a_later_provider_may_not_take_an_instance_type() -> None:
    users = [{"name": "ada", "spaces": [{"name": f"ada-{n}", "instance_type": "ml.g7e.2xlarge"} for n in (1, 2)]}]

    (note,) = told(terraform={"provider": "6.69.1"}, users=users)
    assert note == (
        'users[0].spaces[0].instance_type: "ml.g7e.2xlarge" is passed on; provider 5.100.0 refuses it, and whether'
        " 6.69.1 takes it was not tried"
    )
