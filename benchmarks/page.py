"""Measures the page of `studioctl ui` in headless Chromium: how soon it is there, and how soon it shows what changed.

The environment is made up: what AWS needs is left out, and all the page's own work is in it, from the server to the
pixels. A line for each number of spaces, with medians.

    python -m benchmarks.page                # 10, 100 and 1,000 spaces
    python -m benchmarks.page 1000 --runs 30

The targets, with 1,000 spaces: a first paint within a second, an update within a tenth.
"""

import argparse
import os
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

from studioctl.aws.values import Domain
from studioctl.cli.main import as_ours
from studioctl.config.model import EnvironmentConfig
from studioctl.config.users import User
from studioctl.operations.environment import Account
from studioctl.operations.status import SpaceStatus, Status, UserStatus
from studioctl.target import Target
from studioctl.ui.desk import Desk
from studioctl.ui.gate import Keys
from studioctl.ui.serve import bound, serving
from studioctl.ui.ways import Ways

NAME = "acme-ml"
DOMAIN = Domain("d-abc", "arn:domain", NAME, "InService", "https://studio", None, 60)
TARGETS = {"first paint": 1.0, "update": 0.1}  # seconds, of the largest
PATIENCE = 60_000
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
# Notes the moment in which the row changes: asking from outside would take as long as what is asked for.
WATCHED = """
() => {
  window.changed = 0;
  new MutationObserver(() => { window.changed ||= Date.now(); })
    .observe(document.querySelector('#rows'), {subtree: true, childList: true, characterData: true, attributes: true});
}
"""


@dataclass
class World:
    """An environment of which half of the spaces run."""

    status: Status

    @classmethod
    def of(cls, spaces: int) -> "World":
        """One with so many spaces, each of a user."""
        users = tuple(UserStatus(f"user-{number:04}", "InService") for number in range(spaces))
        made = tuple(_space(number, running=number % 2 == 0) for number in range(spaces))
        return cls(Status(NAME, "us-east-1", "aws", DOMAIN, users, made, 25.0, "2026-08-24"))

    def toggle(self, number: int) -> str:
        """Starts or stops a space, as somebody else would; its name."""
        spaces = list(self.status.spaces)
        spaces[number] = _space(number, running=not spaces[number].is_paid_for)
        self.status = replace(self.status, spaces=tuple(spaces))
        return spaces[number].name


def _space(number: int, *, running: bool) -> SpaceStatus:
    return SpaceStatus(
        name=f"user-{number:04}-editor",
        owner=f"user-{number:04}",
        status="InService",
        volume_gb=20,
        app_status="InService" if running else "Stopped",
        instance_type="ml.t3.medium" if running else None,
        image=None,
        since=datetime.now(UTC) if running else None,
        idle_timeout_minutes=60 if running else None,
        usd_per_hour=0.05 if running else None,
    )


@contextmanager
def served(world: World) -> Iterator[tuple[Desk, Keys]]:
    """The page over this environment."""
    account = Account(EnvironmentConfig(name=NAME, region="us-east-1", users=(User(name="ada"),)), Target("us-east-1"))
    ways = Ways(NAME, lambda: account, lambda _, __: account, lambda hint, _: hint)
    desk = Desk(ways, as_ours, root="/page", look=lambda _: world.status)
    with bound(0) as listening:
        keys = Keys(listening.getsockname()[1], desk.root)
        with serving(desk, keys, listening):
            yield desk, keys


@dataclass(frozen=True)
class Row:
    """Medians of one size, in seconds."""

    spaces: int
    paint: float
    rows: float
    update: float


def measure(tab: Page, spaces: int, runs: int) -> Row:
    """Loads the page so many times, and changes a space in each."""
    world = World.of(spaces)
    with served(world) as (desk, keys):
        watch = desk.watch(NAME)
        watch.now()
        tab.goto(keys.one_time_address)
        tab.wait_for_url("**/e/**")
        paints, tables, updates = [], [], []
        for number in range(runs):
            began = time.perf_counter()
            tab.goto(f"{keys.home}e/{NAME}/", wait_until="commit")
            tab.wait_for_function("count => document.querySelectorAll('tbody tr').length == count", arg=spaces)
            tables.append(time.perf_counter() - began)
            tab.wait_for_function(f"() => {PAINTED}")
            paints.append(tab.evaluate(PAINTED) / 1000)
            updates.append(_update(tab, world, desk, number % spaces))
        return Row(spaces, *(statistics.median(values) for values in (paints, tables, updates)))


def _update(tab: Page, world: World, desk: Desk, number: int) -> float:
    """Seconds from the server's look that sees a change to the row that shows it."""
    watch = desk.watch(NAME)
    while not watch.is_listened_to:  # the page's stream
        tab.wait_for_timeout(10)
    tab.wait_for_timeout(200)  # what the stream says at its beginning
    tab.evaluate(WATCHED)
    world.toggle(number)
    began = time.time()
    threading.Thread(target=watch.now).start()
    tab.wait_for_function("() => window.changed")
    return float(tab.evaluate("window.changed")) / 1000 - began


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the page of studioctl ui.")
    parser.add_argument("spaces", type=int, nargs="*", default=[10, 100, 1000])
    parser.add_argument("--runs", type=int, default=15)
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("Chromium is not there: tests/prerequisites.sh gets it")
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    table = Table("spaces", "first paint (s)", "all rows (s)", "update (s)", title=f"Medians of {asked.runs} runs")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        for spaces in asked.spaces:
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            context.set_default_timeout(PATIENCE)
            row = measure(context.new_page(), spaces, asked.runs)
            table.add_row(str(row.spaces), *(f"{value:.3f}" for value in (row.paint, row.rows, row.update)))
            context.close()
        browser.close()
    Console().print(table)
    wanted = ", ".join(f"{what} within {seconds:g} s" for what, seconds in TARGETS.items())
    Console().print(f"Wanted with 1,000 spaces: {wanted}.")


if __name__ == "__main__":
    main()
