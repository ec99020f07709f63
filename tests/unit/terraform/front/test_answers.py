"""The known answers of a provider."""

from pathlib import Path

from studioctl.terraform.front.answers import Answers


def test_a_schema_is_kept_for_one_provider(tmp_path: Path) -> None:
    place = tmp_path / "cache"
    assert Answers(place, "h1:a").schema() is None
    Answers(place, "h1:a").keep_schema(b"schema")
    assert Answers(place, "h1:a").schema() == b"schema"
    assert Answers(place, "h1:b").schema() is None
    assert place.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in place.iterdir()} == {0o600}


def test_a_torn_schema_is_none(tmp_path: Path) -> None:
    Answers(tmp_path, "h1:a").keep_schema(b"schema")
    (file,) = tmp_path.iterdir()
    for torn in (file.read_bytes()[:-1], b"", b"schema"):
        file.write_bytes(torn)
        assert Answers(tmp_path, "h1:a").schema() is None


def test_settings_are_known_by_their_hash_alone(tmp_path: Path) -> None:
    settings = b"region us-east-1, secret tags"
    assert not Answers(tmp_path, "h1:a").finds_right(settings)
    Answers(tmp_path, "h1:a").keep_right(settings)
    assert Answers(tmp_path, "h1:a").finds_right(settings)
    assert not Answers(tmp_path, "h1:b").finds_right(settings)
    assert not Answers(tmp_path, "h1:a").finds_right(b"region us-east-2, secret tags")
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b""]


def test_the_emulators_port_makes_no_difference(tmp_path: Path) -> None:
    answers = Answers(tmp_path, "h1:a")
    answers.keep_right(b"s3 http://127.0.0.1:33147 sts http://127.0.0.1:33147")
    assert answers.finds_right(b"s3 http://127.0.0.1:40001 sts http://127.0.0.1:40001")
    assert not answers.finds_right(b"s3 http://127.0.0.2:33147 sts http://127.0.0.1:33147")


def test_what_others_can_write_is_not_believed(tmp_path: Path) -> None:
    Answers(tmp_path, "h1:a").keep_schema(b"schema")
    Answers(tmp_path, "h1:a").keep_right(b"settings")
    tmp_path.chmod(0o770)
    assert Answers(tmp_path, "h1:a").schema() is None
    assert not Answers(tmp_path, "h1:a").finds_right(b"settings")
    tmp_path.chmod(0o700)
    (link := tmp_path.with_name("link")).symlink_to(tmp_path)
    assert Answers(link, "h1:a").schema() is None


def test_without_a_place_it_is_known_while_the_process_lives(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (None, tmp_path / "file"):
        answers = Answers(place, "h1:a")
        answers.keep_schema(b"schema")
        answers.keep_right(b"settings")
        assert answers.schema() == b"schema"
        assert answers.finds_right(b"settings")
