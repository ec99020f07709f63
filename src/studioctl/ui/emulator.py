"""The emulator: what exists in it, and what is made to go wrong."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from studioctl.errors import ExitCode, StudioctlError
from studioctl.operations import emulation
from studioctl.presentation.views import how_often
from studioctl.ui import pages
from studioctl.ui.desk import Desk, Form, environment_of


def routes(desk: Desk) -> list[Route]:
    """The page, and what sets and clears faults."""
    where = "/e/{environment}/emulator"
    return [
        desk.reading(where, partial(_show, desk)),
        desk.changing(f"{where}/faults", partial(_set, desk)),
        desk.changing(f"{where}/faults/clear", partial(_clear, desk)),
    ]


def _name(desk: Desk, request: Request) -> str:
    """The environment's name, if it is on the emulator: nothing here may be taken for AWS."""
    name = environment_of(request)
    if not desk.account(name).target.is_local:
        raise StudioctlError(f"'{name}' is not on the emulator.", hint="studioctl ui --local")
    return name


def _show(desk: Desk, request: Request) -> Response:
    name = _name(desk, request)
    faults = [(*_said(each), how_often(each), each["seen"], each["hit"]) for each in emulation.wrong()["faults"]]
    values = {"base": desk.base(name, "emulator"), "here": f"{desk.path(name)}emulator"}
    found = list(_listed(emulation.inventory()))
    return pages.answer(pages.render("emulator.html", **values, faults=faults, kinds=emulation.kinds(), things=found))


def _said(fault: Mapping[str, Any]) -> tuple[str, str]:
    """Its kind, and where it strikes."""
    kind, where = ((fault["kind"], fault["code"]), (fault["service"], fault["action"]))
    return " ".join(filter(None, kind)), " ".join(filter(None, where)) or "everywhere"


def _listed(inventory: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Each kind of thing that there is any of, with their identities."""
    for kind, things in inventory.items():
        if things and isinstance(things, list | dict):
            yield kind.replace("_", " "), [str(thing) for thing in things]


def _set(desk: Desk, request: Request, form: Form) -> Response:
    name = _name(desk, request)
    times = form.get("times", "").strip()
    if times and not (times.isdecimal() and 0 < int(times) < 1_000_000):
        raise StudioctlError(
            f"'{times}' is no number of times.", hint="write a number, or nothing for always", exit_code=ExitCode.USAGE
        )
    wanted = int(times) if times else None
    words = {name: form.get(name, "").strip() for name in ("action", "code")}
    emulation.go_wrong(form.get("kind", ""), **words, times=wanted)
    return pages.go_to(f"{desk.path(name)}emulator")


def _clear(desk: Desk, request: Request, _form: Form) -> Response:
    name = _name(desk, request)
    emulation.go_well()
    return pages.go_to(f"{desk.path(name)}emulator")
