"""The page in a browser that people use: headless Chromium, over an environment that `up` made."""

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route, WebError, expect, sync_playwright
from tests.functional.conftest import Applied
from tests.functional.served import page

PATIENCE = 120_000  # milliseconds: a busy machine needs them, and a condition ends the wait
HOME = "e/acme-ml/"
SPACE = f"{HOME}spaces/ada-editor/"
FORGED = """
address => {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = address;
  document.body.append(form);
  form.submit();
}
"""


@dataclass
class Visitor:
    """A browser that the page has let in.

    Args:
        tab: What it looks at.
        context: Its cookies.
        address: Where the page begins.
        way_in: The path of the one-time address below it, which is used up.
        applied: The environment.
        errors: What the console and the page complained of.
    """

    tab: Page
    context: BrowserContext
    address: str
    way_in: str
    applied: Applied
    errors: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.tab.goto(self.address + path)

    def state(self, word: str) -> None:
        """Waits until the row says so."""
        expect(self.tab.locator("#space-ada-editor .state")).to_have_text(word)

    def complain(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(message.text)

    def fail(self, error: WebError) -> None:
        self.errors.append(str(error.error))

    def idle_timeout(self) -> int:
        """Minutes that AWS waits before it stops the domain's editors."""
        sagemaker = self.applied.shell.client("sagemaker")
        domain_id = sagemaker.list_domains()["Domains"][0]["DomainId"]
        settings = sagemaker.describe_domain(DomainId=domain_id)["DefaultUserSettings"]["CodeEditorAppSettings"]
        return int(settings["AppLifecycleManagement"]["IdleSettings"]["IdleTimeoutInMinutes"])

    def running(self) -> list[str]:
        """Spaces in which AWS has a running app."""
        apps = self.applied.shell.client("sagemaker").list_apps()["Apps"]
        return [app["SpaceName"] for app in apps if app["Status"] in {"Pending", "InService"}]


@pytest.fixture(scope="module")
def visitor(applied: Applied) -> Iterator[Visitor]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "Chromium is not there: tests/prerequisites.sh gets it"
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=PATIENCE)
    with page(applied.shell, environment=applied.shell.warm) as (outside, way_in, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PATIENCE)
        made = Visitor(context.new_page(), context, outside.address + outside.root, way_in, applied)
        context.on("console", made.complain)
        context.on("weberror", made.fail)
        made.go(way_in)
        made.tab.wait_for_url(f"**/{HOME}")
        yield made
        browser.close()
    for verb in ("start", "stop"):  # no failed app is left in the environment, which others share
        applied.shell.studioctl(verb, "ada-editor", "--local")


@pytest.fixture(autouse=True)
def quiet(visitor: Visitor) -> Iterator[None]:
    """The console has nothing to complain of."""
    yield
    assert visitor.errors == []


def test_a_space_is_started_opened_and_stopped(visitor: Visitor) -> None:
    visitor.go(HOME)
    visitor.tab.get_by_role("button", name="Start ada-editor").click()
    visitor.state("running")
    expect(visitor.tab.locator("#said")).to_have_text("ada-editor: running")
    with visitor.context.expect_page() as opened:
        visitor.tab.get_by_role("button", name="Open ada-editor").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("ada-editor")
    assert "/studio/" in opened.value.url  # the emulator's page in the editor's place
    assert opened.value.evaluate("document.referrer") == ""
    opened.value.close()
    visitor.tab.get_by_role("button", name="Stop ada-editor").click()
    visitor.state("stopped")
    assert visitor.running() == []


def test_news_are_asked_for_however_late_a_script_comes(visitor: Visitor) -> None:
    def late(route: Route) -> None:
        time.sleep(1)  # htmx is there long before its extension
        route.continue_()

    tab = visitor.context.new_page()
    tab.route("**/hx-sse.min.js", late)
    with tab.expect_response("**/events?*") as news:
        tab.goto(visitor.address + HOME)
    assert news.value.status == 200
    tab.close()


def test_a_server_that_has_ended_is_told(visitor: Visitor) -> None:
    shell = visitor.applied.shell
    browser = visitor.context.browser
    assert browser is not None
    tab = browser.new_context().new_page()  # its console complains of the lost connection
    tab.set_default_timeout(PATIENCE)
    with page(shell, environment=shell.warm) as (served, way_in, process):
        with tab.expect_response("**/events?*"):  # only a stream that began asks again by itself
            tab.goto(f"{served.address}{served.root}{way_in}")
        expect(tab.locator("#lost")).to_be_hidden()
        expect(tab.locator("#space-ada-editor .state")).to_have_text("stopped")
        process.kill()
        expect(tab.locator("#lost")).to_contain_text("studioctl ui does not answer")
    with page(shell, "--port", served.address.rpartition(":")[2], environment=shell.warm):
        expect(tab.locator("#lost")).to_contain_text("studioctl ui was started anew since then.")
    tab.context.close()


def test_a_stream_that_could_not_begin_begins_later(visitor: Visitor) -> None:
    browser = visitor.context.browser
    assert browser is not None
    tab = browser.new_context(storage_state=visitor.context.storage_state()).new_page()
    tab.set_default_timeout(PATIENCE)
    tab.route("**/events?*", lambda route: route.abort())
    tab.goto(visitor.address + HOME)
    tab.evaluate("document.dispatchEvent(new CustomEvent('htmx:error', {detail: {}}))")  # as htmx tells what failed
    expect(tab.locator("#lost")).to_contain_text("studioctl ui does not answer")
    with tab.expect_response("**/events?*"):
        tab.unroute("**/events?*")
    expect(tab.locator("#lost")).to_be_hidden()
    tab.context.close()


def test_the_keyboard_is_enough(visitor: Visitor) -> None:
    visitor.go(HOME)
    visitor.tab.keyboard.press("Tab")
    assert visitor.tab.evaluate("document.activeElement.textContent") == "Skip to the content"
    visitor.tab.keyboard.press("Enter")
    visitor.tab.get_by_role("searchbox").focus()
    visitor.tab.keyboard.type("nobody")
    expect(visitor.tab.get_by_text("0 of 1 spaces.")).to_be_visible()
    assert visitor.tab.evaluate("document.activeElement.name") == "q"
    for _ in "nobody":
        visitor.tab.keyboard.press("Backspace")
    visitor.state("stopped")
    visitor.tab.get_by_role("link", name="Open ada-editor").focus()
    visitor.tab.keyboard.press("Enter")
    expect(visitor.tab.get_by_text("Its instance is paid for from then on.")).to_be_visible()
    visitor.tab.get_by_role("link", name="Cancel").focus()
    visitor.tab.keyboard.press("Enter")
    visitor.state("stopped")


def test_a_plan_is_read_and_applied(visitor: Visitor) -> None:
    shell = visitor.applied.shell
    file = Path(shell.directory / "studio.toml")
    before = file.read_text()
    shell.write(before + "\n[studio]\nidle_timeout_minutes = 90\n")
    try:
        visitor.go(f"{HOME}plan")
        visitor.tab.get_by_role("button", name="Plan", exact=True).click()
        visitor.tab.get_by_role("link", name="Look at the plan").click()
        expect(visitor.tab.locator(".plan")).to_contain_text("studio.idle_timeout_minutes 60 -> 90")
        visitor.tab.get_by_role("button", name="Apply this plan").click()
        expect(visitor.tab.locator("#panel")).to_contain_text("'acme-ml' is as the file says.")
        expect(visitor.tab.locator("#stream")).to_have_count(0)  # the browser does not ask for more
        assert visitor.idle_timeout() == 90
    finally:
        shell.write(before)
        shell.studioctl("up", "--local", "--yes")


def test_findings_have_their_lines(visitor: Visitor) -> None:
    visitor.go(f"{HOME}findings")
    told = visitor.tab.locator("#doctor li").filter(has_text="RMT001")
    expect(told.locator(".place")).to_have_text("studio.toml: studio.instance_type")


def test_a_fault_is_set_and_shown(visitor: Visitor) -> None:
    visitor.go(f"{HOME}emulator")
    visitor.tab.get_by_label("Kind").select_option("capacity")
    visitor.tab.get_by_label("Only for this action").fill("CreateApp")
    visitor.tab.get_by_label("Times").fill("1")
    visitor.tab.get_by_role("button", name="Set the fault").click()
    expect(visitor.tab.get_by_role("table")).to_contain_text("capacity")
    visitor.tab.get_by_role("link", name="Spaces", exact=True).click()
    visitor.tab.get_by_role("button", name="Start ada-editor").click()
    visitor.tab.get_by_role("link", name="What to do about ada-editor").click()
    expect(visitor.tab.get_by_role("alert")).to_contain_text("--local")
    visitor.go(f"{HOME}emulator")
    visitor.tab.get_by_role("button", name="Let everything go well again").click()
    expect(visitor.tab.get_by_text("Nothing is wrong.")).to_be_visible()


def test_others_are_refused(visitor: Visitor) -> None:
    browser = visitor.context.browser
    assert browser is not None
    stranger = browser.new_context()
    for path in (visitor.way_in, "", HOME):
        answer = stranger.new_page().goto(visitor.address + path)
        assert answer is not None
        assert answer.status == 403
    stranger.close()

    # A page on another port of the host is the same site. It is not sent the cookie; what it asks of this page has it.
    elsewhere = browser.new_context(storage_state=visitor.context.storage_state()).new_page()
    there = elsewhere.goto(visitor.applied.shell.emulator.endpoint_url + "/health")
    assert there is not None
    assert "cookie" not in there.request.all_headers()
    with elsewhere.expect_navigation() as asked:
        elsewhere.evaluate("address => location.assign(address)", visitor.address + HOME)
    assert asked.value is not None
    assert asked.value.status == 403
    expect(elsewhere.get_by_text("Another site asked for this.")).to_be_visible()
    elsewhere.goto(visitor.applied.shell.emulator.endpoint_url + "/health")
    with elsewhere.expect_navigation() as sent:
        elsewhere.evaluate(FORGED, f"{visitor.address}{SPACE}start")
    assert sent.value is not None
    assert sent.value.request.method == "POST"
    assert "studioctl-" in sent.value.request.all_headers()["cookie"]
    assert sent.value.status == 403
    expect(elsewhere.get_by_text("This request does not come from the page. Nothing was changed.")).to_be_visible()
    elsewhere.context.close()
    visitor.go(HOME)
    visitor.state("failed")  # as the fault left it
    assert visitor.running() == []


ALL = "../../environments"
PAGES = (
    "",
    "plan",
    "costs",
    "network",
    "emulator",
    "spaces/ada-editor/open",
    "spaces/ada-editor/connect",
    "findings",
    ALL,
)
LATER = {"costs": "#month h3", "findings": "#audit > p > b", ALL: "#found > p"}  # what comes after the page itself
WIDTHS = (1440, 820, 390)
CUT = "[...document.querySelectorAll('figure')].filter(it => it.scrollWidth > it.clientWidth).map(it => it.ariaLabel)"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def test_each_page_is_for_everybody(visitor: Visitor) -> None:
    found = {}
    for number, path in enumerate(PAGES):
        visitor.tab.emulate_media(color_scheme=SCHEMES[number % 2])
        visitor.go(HOME + path)
        if path == "costs":
            visitor.tab.get_by_role("link", name="This month").click()
        if path in LATER:
            expect(visitor.tab.locator(LATER[path])).to_be_visible()
        for width in WIDTHS:
            visitor.tab.set_viewport_size({"width": width, "height": 900})
            assert visitor.tab.evaluate("document.documentElement.scrollWidth") <= width, path
            assert visitor.tab.evaluate(CUT) == [], (path, width)
        found[path] = [each["id"] for each in Axe().run(visitor.tab).response["violations"]]
    assert found == {path: [] for path in PAGES}
    visitor.tab.evaluate("document.body.append(document.createElement('img'))")
    assert [each["id"] for each in Axe().run(visitor.tab).response["violations"]].count("image-alt") == 1
