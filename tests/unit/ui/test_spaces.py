"""The spaces of an environment: what is shown, what a click does, and what a browser is told of changes."""

import html
import re
import threading
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import markupsafe
import pytest
from anyio import to_thread

from studioctl.aws.errors import TRY_AGAIN, UNKNOWN_OUTCOME
from studioctl.aws.values import ResourceSpec
from studioctl.errors import AwsError
from studioctl.ui import spaces
from studioctl.ui.desk import Desk
from studioctl.ui.rows import Row
from tests.unit.ui.house import MOMENT, House, account, house

SPACE = "/e/acme-ml/spaces/ada-editor/"


def text_of(page: str) -> str:
    """The words of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def summary(home: House) -> str:
    """The outcome of the latest work on the space."""
    job = home.desk.jobs.of("acme-ml", "ada-editor")
    assert job is not None
    return job.summary


def stream(home: House, path: str, *, first: Callable[[], object] | None = None, until: str = "") -> str:
    """The text of a stream: how things are now, and what came of this, once the page knows that."""
    ticks = home.desk.ticks

    async def told() -> AsyncIterator[bool]:
        is_done = first is None
        async for is_time in ticks():
            yield is_time  # and the stream has said what there is to say
            if is_done:
                home.desk.stopping.set()
            elif first:
                await to_thread.run_sync(_do, home, first, until)
                is_done = True

    home.desk.stopping.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(home.desk, "ticks", told)
        return str(home.client.get(path).text)


def _do(home: House, first: Callable[[], object], word: str) -> None:
    watch = home.desk.watch("acme-ml")
    first()
    while not (watch.seen and any(space.app_status == word for space in watch.seen.spaces)):
        watch.nudge()
        threading.Event().wait(0.01)


def test_the_page_shows_each_space() -> None:
    with house("ada-editor", "grace-editor") as home:
        home.enter()
        home.desk.watch("acme-ml").now()
        page = home.client.get("/e/acme-ml/").text
        said = text_of(page)
        assert "acme-ml us-east-1 on the emulator" in said
        assert "ada-editor ada stopped 20 GB Start Open Connect Log" in said
        assert "nothing runs, no instance is paid for" in said
        assert "2 spaces." in said
        assert 'action="/e/acme-ml/spaces/ada-editor/start"' in page
        assert 'action="/e/acme-ml/spaces/ada-editor/stop"' not in page


def test_a_start_and_a_stop_with_a_click() -> None:
    with house("ada-editor") as home:
        home.enter()
        answer = home.post(SPACE + "start")
        assert (answer.status_code, answer.headers["location"]) == (303, "/e/acme-ml/")
        home.finished()
        assert summary(home) == "'ada-editor' is running on ml.t3.medium, 0.05 USD an hour."
        home.desk.watch("acme-ml").now()
        said = text_of(home.client.get("/e/acme-ml/").text)
        assert "ml.t3.medium after 60m idle $0.05 20 GB Stop Open Connect Log" in said

        home.post(SPACE + "stop")
        home.finished()
        assert home.fleet.apps_ == {}
        assert summary(home) == "'ada-editor' stopped."


def test_htmx_gets_the_row_alone() -> None:
    with house("ada-editor") as home:
        home.enter()
        home.desk.watch("acme-ml").now()
        answer = home.post(SPACE + "start", **{"hx-request": "true"})
        assert answer.status_code == 200
        assert "<html" not in answer.text
        assert '<hx-partial hx-target="#space-ada-editor" hx-swap="outerMorph"><tr id="space-ada-editor"' in answer.text
        assert '<hx-partial hx-target="#said" hx-swap="innerHTML">ada-editor: starting</hx-partial>' in answer.text
        home.finished()


def test_a_failed_start_says_why_and_what_to_do() -> None:
    with house("ada-editor") as home:
        home.enter()
        home.fleet.fails = "no capacity"
        home.post(SPACE + "start")
        home.finished()
        home.desk.watch("acme-ml").now()
        said = text_of(home.client.get("/e/acme-ml/").text)
        assert "no capacity" in said
        assert "What to do about ada-editor" in said
        job, again = (text_of(home.client.get("/jobs/1").text) for _ in range(2))
        assert job == again
        assert "no capacity" in job
        assert "Next: " in job
        assert "--local" in job  # a rehearsal never leads to the real account


def test_a_space_that_is_not_there() -> None:
    with house("ada-editor") as home:
        home.enter()
        home.post("/e/acme-ml/spaces/adda-editor/start")
        home.finished()
        assert "Did you mean 'ada-editor'?" in text_of(home.client.get("/jobs/1").text)
        assert "There is no space 'x'" in text_of(home.client.get("/e/acme-ml/spaces/x/open").text)


def test_one_thing_is_done_to_a_space_at_a_time() -> None:
    with house("ada-editor") as home:
        home.enter()
        goes_on = threading.Event()
        create = home.fleet.create_editor
        home.fleet.create_editor = lambda *a, **k: (goes_on.wait(), create(*a, **k))[1]  # type: ignore[method-assign]
        home.post(SPACE + "start")
        second = home.post(SPACE + "stop")
        assert second.status_code == 409
        assert "'ada-editor' is starting already." in text_of(second.text)
        part = home.post(SPACE + "stop", **{"hx-request": "true"})
        assert part.status_code == 409
        assert part.text.startswith('<hx-partial hx-target="#trouble" hx-swap="outerMorph"><div id="trouble">')
        assert "'ada-editor' is starting already." in text_of(part.text)
        home.desk.watch("acme-ml").now()
        row = home.client.get("/e/acme-ml/").text
        assert '<button id="space-ada-editor-power" type="button" aria-disabled="true"' in row
        goes_on.set()
        home.finished()


def test_what_is_stopped_is_started_after_the_question_and_then_opened() -> None:
    with house("ada-editor") as home:
        home.enter()
        asked = home.client.get(SPACE + "open")
        assert "'ada-editor' is stopped. Start it? Its instance is paid for from then on." in text_of(asked.text)
        unasked = home.post(SPACE + "open")  # without the answer
        assert (unasked.status_code, unasked.headers["location"]) == (303, SPACE + "open")
        assert home.fleet.apps_ == {}

        yes = home.client.post(
            SPACE + "open", data={"start": "yes"}, headers={"origin": home.keys.address}, follow_redirects=False
        )
        assert yes.headers["location"] == "/jobs/1"
        home.finished()
        assert "Open it in a new tab" in text_of(home.client.get("/jobs/1").text)
        opened = home.post(SPACE + "open")
        assert 'content="0;url=https://studio.example/ada-editor?token=a&amp;b=c"' in opened.text
        assert opened.headers["cache-control"] == "no-store"


def test_an_address_of_another_kind_is_not_followed() -> None:
    with house("ada-editor") as home:
        home.enter()
        home.post(SPACE + "start")
        home.finished()
        home.fleet.presigned_url = lambda *_, **__: "javascript:alert(1)"  # type: ignore[method-assign]
        answer = home.post(SPACE + "open")
        assert answer.status_code == 409
        assert "javascript:" not in answer.text


def test_all_text_is_escaped() -> None:
    evil = "<script>alert(1)</script>\"'\u202e"
    with house("ada-editor", text=evil) as home:
        home.enter()
        home.desk.watch("acme-ml").now()
        page = home.client.get("/e/acme-ml/", params={"q": "<b>"}).text + home.client.get("/e/acme-ml/").text
        assert "<script>alert" not in page
        assert 'value="&lt;b&gt;"' in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;" in page
        assert "\u202e" not in page


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("q=GRACE", ["grace-editor"]), ("state=running", ["ada-editor"]), ("state=no", ["ada-editor", "grace-editor"])],
)
def test_which_spaces_are_shown(asked: str, shown: list[str]) -> None:
    with house("ada-editor", "grace-editor") as home:
        home.enter()
        home.post(SPACE + "start")
        home.finished()
        home.desk.watch("acme-ml").now()
        page = home.client.get(f"/e/acme-ml/?{asked}").text
        assert re.findall(r'<tr id="space-([^"]+)"', page) == shown


def test_a_browser_is_told_of_the_row_that_changed_alone() -> None:
    with house("ada-editor", "grace-editor") as home:
        home.enter()
        home.desk.watch("acme-ml").now()
        page = home.client.get("/e/acme-ml/").text
        address = html.unescape(re.findall(r'hx-sse:connect="([^"]+)"', page)[0])
        events = stream(home, address, first=lambda: home.post(SPACE + "start"), until="InService")
        last = events.rpartition('hx-target="#summary"')[2]
        assert "1 running: $0.05 per hour" in last
        assert 'hx-target="#space-ada-editor"' in events
        assert "ada-editor: running" in events
        assert all(not line or line.startswith(("data: ", ":")) for line in events.splitlines())


def test_what_the_browser_has_is_not_said_again() -> None:
    with house("ada-editor") as home:
        home.enter()
        home.desk.watch("acme-ml").now()
        page = home.client.get("/e/acme-ml/").text
        address = html.unescape(re.findall(r'hx-sse:connect="([^"]+)"', page)[0])
        assert "hx-partial" not in stream(home, address)
        assert 'hx-target="#rows"' in stream(home, "/e/acme-ml/events?v=0")


def test_times_go_on_while_nothing_else_changes() -> None:
    with house("ada-editor", "grace-editor") as home:
        home.enter()
        home.now = MOMENT + timedelta(minutes=1)
        home.fleet.create_editor(home.fleet.details["ada-editor"], ResourceSpec("ml.t3.medium"))
        home.desk.watch("acme-ml").now()
        page = home.client.get("/e/acme-ml/").text
        assert "for 1m" in text_of(page)
        assert "in 59m at the earliest" in text_of(page)
        address = html.unescape(re.findall(r'hx-sse:connect="([^"]+)"', page)[0])

        home.now = MOMENT + timedelta(minutes=2)
        events = stream(home, address, first=lambda: None, until="InService")
        assert re.findall(r'hx-target="([^"]+)"', events) == ["#space-ada-editor"]
        assert "for 2m" in events
        assert "in 58m at the earliest" in events


def test_a_minute_that_changes_no_word_sends_nothing() -> None:
    with house("ada-editor", "grace-editor") as home:
        home.enter()
        home.now = MOMENT
        home.desk.watch("acme-ml").now()
        page = home.client.get("/e/acme-ml/").text
        address = html.unescape(re.findall(r'hx-sse:connect="([^"]+)"', page)[0])

        def pass_minutes() -> None:
            home.now = MOMENT + timedelta(minutes=5)

        assert "hx-partial" not in stream(home, address, first=pass_minutes, until="Stopped")


@pytest.mark.parametrize("version", ["", "0", "1.0.", "1.0.x", "1.0.-1", "1.0.99999999999999999999", "1.0.\u0663"])
def test_a_version_that_is_none_gets_everything(version: str) -> None:
    with house("ada-editor") as home:
        home.enter()
        home.desk.watch("acme-ml").now()
        told = stream(home, f"/e/acme-ml/events?v={version}", first=lambda: None, until="Stopped")
        assert 'hx-target="#rows"' in told


def test_a_look_that_fails_leaves_what_was_seen_and_says_so() -> None:
    with house("ada-editor") as home:
        home.enter()
        home.now = MOMENT
        watch = home.desk.watch("acme-ml")
        watch.now()

        def fail() -> object:
            raise AwsError("AWS is not to be reached.", hint="studioctl doctor")

        watch._look = fail  # type: ignore[assignment]
        while watch.error is None:
            watch.nudge()
        for _ in range(3):  # each time the same
            said = text_of(home.client.get("/e/acme-ml/").text)
            assert "AWS is not to be reached. Trying again. What is shown is from 09:00:00 UTC. Next: " in said
            assert "Next: studioctl doctor --local" in said
            assert said.count("--local") == 1
            assert "ada-editor ada stopped" in said


def test_a_page_that_asks_again_does_not_ask_for_a_command() -> None:
    with house("ada-editor") as home:
        error = AwsError("AWS failed.", hint=TRY_AGAIN)
        assert home.desk.told(error, "acme-ml", asks_again=True).hint == "the page asks again by itself --local"
        assert home.desk.told(error, "acme-ml").hint == "do the same again --local"
        error = AwsError("AWS does not answer.", hint=UNKNOWN_OUTCOME)
        assert home.desk.told(error, "acme-ml", asks_again=True).hint.startswith(
            "check the network; then the page asks again by itself: "
        )


def test_a_look_that_has_no_answer_is_told_of() -> None:
    with house("ada-editor") as home:
        home.enter()
        home.now = MOMENT
        answers = threading.Event()
        look, home.desk.look = home.desk.look, lambda account: (answers.wait(), look(account))[1]
        assert "Asking AWS" in text_of(home.client.get("/e/acme-ml/").text)
        home.now = MOMENT + timedelta(seconds=11)
        said = text_of(home.client.get("/e/acme-ml/").text)
        assert "No answer yet; waiting." in said
        assert "What is shown" not in said
        answers.set()
        assert home.desk.watch("acme-ml").first(60)
        assert "No answer yet" not in text_of(home.client.get("/e/acme-ml/").text)


def test_another_environment_of_the_account() -> None:
    with house("ada-editor") as home:
        home.enter()
        home.desk.watch("acme-ml").now()
        other = home.desk.account("other")
        assert (other.config.name, other.target) == ("other", account("other", home.fleet).target)
        home.post("/e/other/spaces/ada-editor/start")
        home.finished()
        assert "There is no 'other' in us-east-1." in text_of(home.client.get("/jobs/1").text)


def test_a_form_without_an_end_is_not_read() -> None:
    with house("ada-editor") as home:
        home.enter()
        answer = home.client.post(
            SPACE + "open",
            content=b"start=yes&x=" + b"x" * 100_000,
            headers={"origin": home.keys.address},
            follow_redirects=False,
        )
        assert answer.headers["location"] == SPACE + "open"
        assert home.fleet.apps_ == {}


def test_a_row_that_cannot_be_drawn_ends_the_page_with_what_went_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = spaces._drawn

    def fails(desk: Desk, name: str, row: Row) -> markupsafe.Markup:
        if row.name == broken:
            raise AwsError("The row is lost.", hint="run the same command again")
        return drawn(desk, name, row)

    monkeypatch.setattr(spaces, "_drawn", fails)
    names = [f"ada-{number:03}" for number in range(300)]
    with house(*names) as home:
        home.enter()
        home.desk.watch("acme-ml").now()
        broken = names[-1]
        late = home.client.get("/e/acme-ml/")
        broken = names[0]
        early = home.client.get("/e/acme-ml/")

    assert late.status_code == 200
    assert "ada-000" in late.text
    assert late.text.endswith("</div></div>")
    assert text_of(late.text).endswith("The row is lost. Next: do the same again --local")
    assert early.status_code == 409
    assert "The row is lost. Next: do the same again --local" in text_of(early.text)
