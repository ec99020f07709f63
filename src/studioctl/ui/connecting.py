"""Opening a space in an editor of this machine, over ssh: the question of `connect`, and its work."""

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from studioctl.config.source import Source, located
from studioctl.errors import StudioctlError
from studioctl.events import Noted, Work
from studioctl.findings import Finding, Severity
from studioctl.operations.environment import Account
from studioctl.operations.spaces import connect, start_stop
from studioctl.operations.spaces.connect import Survey
from studioctl.operations.spaces.remote_requirements import large_enough
from studioctl.presentation.remote import reached
from studioctl.remote import editors
from studioctl.remote.editors import Editor
from studioctl.ui import pages
from studioctl.ui.desk import Desk, Form, environment_of, space_of

NONE = "none"  # only ssh
TITLES = {"code": "VS Code", "cursor": "Cursor", "kiro": "Kiro", NONE: "only ssh"}


def routes(desk: Desk) -> list[Route]:
    """The question, and what its answer begins."""
    where = "/e/{environment}/spaces/{space}/connect"
    return [desk.reading(where, partial(_ask, desk)), desk.changing(where, partial(_go, desk))]


def _ask(desk: Desk, request: Request) -> Response:
    name, space = environment_of(request), space_of(request)
    chosen, kind = request.query_params.get("editor", "code"), request.query_params.get("type", "").strip()
    found, _ = _survey(desk.account(name), space, chosen, kind)
    needed: Sequence[Finding] = found.needs if found.host.local else found.findings  # no program of this machine
    return pages.answer(
        pages.render(
            "connect.html",
            base=desk.base(name, "spaces"),
            space=space,
            chosen=chosen,
            editors=TITLES,
            question=found.question or f"Open '{space}' in {TITLES.get(chosen, chosen)}?",
            findings=_listed(desk, name, found, needed),
            type=kind,
            runs_on=found.runs_on or "",
            is_fit=not connect.blocking(needed),
            here=desk.path(name, space),
            back=desk.path(name),
        )
    )


def _listed(desk: Desk, name: str, found: Survey, needed: Sequence[Finding]) -> list[Finding]:
    """The findings, with remedies as they are done from here, and with the lines of the file if there is one."""
    told = [replace(each, remedy=desk.ways.repeating(remedy_here(each, found), name)) for each in needed]
    of_file = desk.ways.file_of(name)
    return list(located(told, Source.of(of_file.path))) if of_file else told


def remedy_here(finding: Finding, found: Survey) -> str:
    """The remedy by the fields and the button of this page, where the command line has a flag or is a command."""
    match finding.id, finding.severity:
        case "instance-type", Severity.ERROR:
            larger = large_enough(found.instance_type or found.runs_on)
            return f"write {larger} as the instance type above, and look again"
        case "editor", Severity.ERROR:
            return finding.remedy.replace("take --editor none", f"choose '{TITLES[NONE]}' above")
        case (("remote-access" | "app"), Severity.WARNING):
            return "Connect brings that about"
        case _:
            return finding.remedy


def _survey(account: Account, space: str, chosen: str, kind: str) -> tuple[Survey, Editor | None]:
    """Look at what connecting needs, with an editor and on an instance type; empty for the space's own type."""
    if chosen not in TITLES:
        raise StudioctlError(f"There is no editor '{chosen}'.", hint="choose one of those that the page offers")
    start_stop.check_instance_type(account, kind or None)
    editor = None if chosen == NONE else editors.of(chosen)
    space_found = start_stop.find(account, space)
    found = connect.survey(account, space_found, editor=editor, environ=os.environ, instance_type=kind or None)
    return found, editor


def _go(desk: Desk, request: Request, form: Form) -> Response:
    name, space = environment_of(request), space_of(request)
    work = _connecting(desk.account(name), space, form.get("editor", "code"), form.get("type", ""))
    title, watch = f"Connect to '{space}'", desk.watch(name)
    job = desk.jobs.begin(work, title=title, environment=name, space=space, verb="connecting", then=watch.nudge)
    return pages.go_to(desk.at(f"/jobs/{job.id}"))


def _connecting(account: Account, space: str, chosen: str, kind: str) -> Work[str]:
    found, editor = _survey(account, space, chosen, kind)
    connect.refuse_unfit(found)
    app = yield from connect.prepare(account, found)
    reachable = connect.make_known(found, app, os.environ)
    command = editor.command_line(found.host.alias) if editor else None
    sentences = list(reached(found, reachable, command=command))
    yield from map(Noted, sentences[1:])
    if editor and not found.host.local:
        editor.open(found.host.alias, os.environ)
    return sentences[0]
