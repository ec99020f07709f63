"""The pictures of the README and of docs/, drawn by the code whose output they show: `make generated` writes them.

Plans are those of `tests/unit/review/planned.py`, which real plans are compared with; so no picture needs Terraform.
"""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.text import Text

from studioctl import programs
from studioctl.aws.values import Domain
from studioctl.config.load import load, parse
from studioctl.config.source import Source
from studioctl.infrastructure.blueprint import build
from studioctl.operations import explain
from studioctl.operations.costs.change import of_plan
from studioctl.operations.provisioning import durations, meeting
from studioctl.operations.status import SpaceStatus, Status, UserStatus
from studioctl.operations.why.question import asked
from studioctl.operations.why.setting import World, answer
from studioctl.presentation import costs, explained, report_page, status, why
from studioctl.presentation import review as presented
from studioctl.presentation.console import SafeConsole, Terminal
from studioctl.report import topology
from studioctl.review.reviewing import review
from studioctl.terraform.plan import PlanSummary, Step
from tests import page_picture
from tests.unit.review import golden
from tests.unit.review.changes import Change

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs/images"
WIDTH = 88
FONT_FROM_ELSEWHERE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)  # rich's template asks a public server for one
HEAD = 'name = "acme-ml"\nregion = "us-east-1"\n'
PEOPLE = '\n[[users]]\nname = "ada"\n\n[[users]]\nname = "grace"\n'
EVE = '\n[[users]]\nname = "eve"\n'
CHANGE = Change(HEAD + PEOPLE, f"{HEAD}\n[studio]\nvolume_gb = 50\n{PEOPLE}{EVE}")
CLOSING = Change(HEAD + PEOPLE, f'{HEAD}\n[network]\naccess = "vpc-only"\n\n[studio]\nvolume_gb = 50\n{PEOPLE}{EVE}')
URL = "https://d-kq3m0w8xv2ab.studio.us-east-1.sagemaker.aws"
BY_API = ("aws_sagemaker_domain", "aws_sagemaker_space")


def _recorder() -> Console:
    written = io.StringIO()
    return SafeConsole(record=True, file=written, width=WIDTH, force_terminal=True, highlight=False, markup=False)


def _typed(console: Console, thought: str, command: str) -> None:
    console.print(Text(f"\n# {thought}", style="bright_black"))
    console.print(Text(f"$ {command}", style="bold"))


def _drawn(console: Console, title: str, name: str) -> str:
    console.print()
    lines = console.export_svg(title=title, unique_id=name)
    return "".join(f"{line.rstrip()}\n" for line in FONT_FROM_ELSEWHERE.sub("", lines).splitlines())


def _summary(change: Change) -> PlanSummary:
    """The plan, with the two steps that such changes take."""
    found = change.summary()
    by_api = tuple(c.address for c in found.changes if c.action == "update" and c.type in BY_API)
    others = tuple(c.address for c in found.changes if c.address not in by_api)
    steps = (
        Step("terraform", "Create, change and delete", others),
        Step("api", "Change settings", by_api),
    )
    return replace(found, steps=steps)


def _plan(change: Change, console: Console) -> None:
    config, source = parse(change.after), Source("studio.toml", change.after)
    summary = _summary(change)
    now = change.now()
    expected = durations.expected(build(config), summary, golden.EARLIER, stops=meeting.STOP_APPS in now.flags)
    cost = of_plan(config, summary, dict, now.unstarted)
    reviewed, dearer = review(config, source, summary, now), costs.dearer(cost, source)
    presented.text(reviewed, summary, console, expected=expected, dearer=dearer, flags=now.flags)
    costs.planned(cost, source, console)


def plan() -> str:
    """A picture of `plan` before a network is closed, volumes grow, and a user is added."""
    console = _recorder()
    _typed(console, "A closed network, larger volumes, and eve is new. What would happen?", "studioctl plan")
    _plan(CLOSING, console)
    return _drawn(console, "studioctl plan", "plan")


def _spaces(now: datetime) -> tuple[SpaceStatus, ...]:
    editor = SpaceStatus("ada-editor", "ada", "InService", 50, "Stopped", None, None, None, None, None)
    running = replace(
        editor,
        name="grace-editor",
        owner="grace",
        app_status="InService",
        instance_type="ml.t3.large",
        image="sagemaker-distribution-cpu 3.2.0",
        since=now - timedelta(hours=2, minutes=5, seconds=20),
        idle_timeout_minutes=60,
        usd_per_hour=0.1,
    )
    return editor, running, replace(editor, name="eve-editor", owner="eve")


def terminal() -> str:
    """A picture of a day with studioctl: a plan, the status, and a reason."""
    console = _recorder()
    shown = Terminal(out=console, err=console)
    _typed(console, "Larger volumes, and eve is new. What would happen?", "studioctl plan")
    _plan(CHANGE, console)
    _typed(console, "Done. What is there, what runs, and what does it cost?", "studioctl status")
    domain = Domain("d-kq3m0w8xv2ab", "arn", "acme-ml", "InService", URL, "fs-1", 60)
    people = tuple(UserStatus(name, "InService") for name in ("ada", "grace", "eve"))
    found = Status("acme-ml", "us-east-1", "aws", domain, people, _spaces(datetime.now(UTC)), 0.1, "2026-09-01")
    status.show(found, shown, flags="")
    _typed(console, "Why does Ada's editor stop after 90 minutes?", "studioctl why ada.idle_timeout_minutes")
    _why(console)
    return _drawn(console, "studioctl", "terminal")


def _why(console: Console) -> None:
    def idle(minutes: int) -> dict[str, object]:
        settings = {"IdleTimeoutInMinutes": minutes}
        return {"CodeEditorAppSettings": {"AppLifecycleManagement": {"IdleSettings": settings}}}

    config, source = parse(CHANGE.after), Source("studio.toml", CHANGE.after)
    world = World({"DefaultUserSettings": idle(60)}, {"UserSettings": idle(90)}, {"SpaceSettings": {}})
    why.setting(answer(asked("ada.idle_timeout_minutes", config), config, source, world, ""), console)


def reasons() -> str:
    """A picture of the answers of `why` and `explain`."""
    console = _recorder()
    _typed(console, "Ada's editor stops after 90 minutes.", "studioctl why ada.idle_timeout_minutes")
    _why(console)
    _typed(console, "What does AWS mean?", "studioctl explain ResourceLimitExceeded")
    explained.explained(explain.explain("ResourceLimitExceeded"), console)
    return _drawn(console, "studioctl why, studioctl explain", "reasons")


def network(name: str) -> str:
    """The network of an example, as `report` draws it, on paper."""
    config = load(ROOT / f"examples/{name}.toml")
    svg = programs.laid_out(topology.dot(config), {"PATH": ""})
    drawn = report_page.picture(svg, topology.in_words(config))
    return drawn.replace(">", '><rect width="100%" height="100%" fill="#fff"/>', 1) + "\n"


FILES: dict[Path, Callable[[], str]] = {
    IMAGES / "terminal.svg": terminal,
    IMAGES / "plan.svg": plan,
    IMAGES / "reasons.svg": reasons,
    IMAGES / "page.svg": page_picture.spaces,
    IMAGES / "network.svg": lambda: network("closed"),
}
