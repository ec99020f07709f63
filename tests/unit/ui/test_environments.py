"""All environments of the page: those of other directories on this machine, and those that AWS has."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from studioctl.audit.examination import Audit
from studioctl.errors import AwsError
from studioctl.operations.environment import Account
from studioctl.operations.environments import Listed
from studioctl.ui import home as beginning
from studioctl.ui.ways import OfFile, Other
from tests.fakes.studio import EDITOR
from tests.unit.ui.house import Fleet, House, account, house, looked
from tests.unit.ui.test_looking import never
from tests.unit.ui.test_spaces import text_of

ELSEWHERE = Path("/home/ada/vision/studio.toml")


def other(name: str, file: Path = ELSEWHERE) -> Other:
    """An environment of another directory, in an account of its own."""
    fleet = Fleet({"lab-editor": replace(EDITOR, name="lab-editor")})
    return Other(name, lambda: account(name, fleet), of(file), lambda target: target.region == "us-east-1")


def of(file: Path) -> OfFile:
    def audit(*, offline: bool) -> Audit:
        raise AssertionError(offline)

    return OfFile(file, never, audit, never)


@pytest.fixture
def page() -> Iterator[House]:
    """The page of a directory, on a machine with two others, of which one has an environment of the same name."""
    with house("ada-editor", of_file=of(Path("studio.toml"))) as made:
        others = (other("acme-ml", Path("/srv/clone/studio.toml")), other("vision-lab"))
        made.desk.ways = replace(made.desk.ways, others=lambda: others)
        made.enter()
        yield made


def test_all_environments_of_this_machine_are_a_click_away(page: House) -> None:
    assert 'href="/environments"' in page.client.get("/e/acme-ml/").text
    listed = page.client.get("/environments").text
    assert text_of(listed).count("/srv/clone/studio.toml") == 1
    first, second = (each.key for each in page.desk.ways.others())
    assert {first.partition("@")[0], second.partition("@")[0]} == {"acme-ml", "vision-lab"}
    for key in ("acme-ml", first.replace("@", "%40"), second.replace("@", "%40")):
        assert f'href="/e/{key}/"' in listed
    assert 'hx-get="/environments/aws"' in listed


def test_each_is_looked_at_in_its_own_account_and_has_its_own_file(page: House) -> None:
    key = page.desk.ways.others()[1].key
    assert page.desk.account(key).config.name == "vision-lab"
    assert page.desk.account(key) is page.desk.account(key)
    assert page.desk.account("acme-ml").config.name == "acme-ml"
    assert page.desk.file_of(key).path == ELSEWHERE
    shown = page.client.get(f"/e/{key}/").text
    assert "<b>vision-lab</b> <span>/home/ada/vision" in shown
    assert f'href="/e/{key.replace("@", "%40")}/plan"' in shown


def test_another_directory_is_as_safe_as_this_one(page: House) -> None:
    where = f"/e/{page.desk.ways.others()[1].key}/spaces/lab-editor/start"
    assert page.client.get(where).status_code == 405
    assert page.post(where, origin="http://evil.example").status_code == 403
    page.client.cookies.clear()
    assert page.client.get("/environments").status_code == 403
    assert page.post(where).status_code == 403


def test_one_that_is_gone_is_told(page: House) -> None:
    key = page.desk.ways.others()[1].key
    page.desk.ways = replace(page.desk.ways, others=lambda: ())
    answer = page.client.get(f"/e/{key}/spaces/lab-editor/open")
    assert answer.status_code == 409
    assert "'vision-lab' is no longer made from a directory of this machine." in text_of(answer.text)
    assert "go back to all environments" in text_of(answer.text)
    (back,) = re.findall(r'class="crumb" href="([^"]+)"', answer.text)
    assert page.client.get(back).status_code == 200


def test_what_aws_has_besides_comes_later(page: House, monkeypatch: pytest.MonkeyPatch) -> None:
    named = [Listed(name, name, "d-1", "InService", ("ada",), 1, ()) for name in ("acme-ml", "vision-lab", "acme-bio")]
    found = (*named, Listed(None, "x", "d-2", "Updating", (), 0, ()))
    monkeypatch.setattr(beginning, "environments", lambda _: found)
    said = page.client.get("/environments/aws", headers={"hx-request": "true"}).text
    assert re.findall('<a href="(.*?)">', said) == ["/e/acme-bio/"]
    assert "x (not studioctl's)" in text_of(said)

    monkeypatch.setattr(beginning, "environments", lambda _: named[:2])
    assert "There is no other environment." in page.client.get("/environments/aws").text


def test_a_code_is_asked_for_once_at_a_time_and_again_when_somebody_comes(page: House) -> None:
    began, goes_on, asked = threading.Event(), threading.Event(), list[int]()

    def sign_in() -> Account:
        asked.append(len(asked))
        began.set()
        assert goes_on.wait(60)
        raise AwsError("The code is wrong.", hint="run the same command again")

    locked = Other("vision-lab", sign_in, of(ELSEWHERE), lambda _: False)
    page.desk.ways = replace(page.desk.ways, others=lambda: (locked,))
    page.desk.look = lambda _: looked(page.fleet)
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(page.desk.account, locked.key) for _ in range(3)]
        assert began.wait(60)
        goes_on.set()
        errors = [str(each.exception()) for each in waiting]
    assert (asked, errors) == ([0], ["The code is wrong."] * 3)

    watch = page.desk.watch(locked.key)
    for _ in range(3):  # the page by itself
        with pytest.raises(AwsError, match="The code is wrong"):
            watch.now()
    assert asked == [0]
    assert page.desk.waits_for_somebody(locked.key)

    said = text_of(page.client.get(f"/e/{locked.key}/").text)
    assert asked == [0, 1]
    assert "The code is wrong. Next: do the same again" in said
    page.client.get(f"/e/{locked.key}/", headers={"hx-request": "true"})
    assert asked == [0, 1]
