"""The whole page as an application: the routes behind the gate."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from studioctl.ui import connecting, emulator, home, looking, planning, spaces, working
from studioctl.ui.desk import Desk
from studioctl.ui.gate import Application, Keys, Refusal, guarded


def application(desk: Desk, keys: Keys) -> Application:
    """The application of one start."""

    async def missing(_request: Request, _error: Exception) -> Response:
        return home.refused(Refusal(404, "There is no such page."))

    async def forbidden(_request: Request, _error: Exception) -> Response:
        return home.refused(Refusal(405, "This is not done that way. Nothing was changed."))

    parts = (spaces, connecting, working, planning, looking, emulator)
    routes = [*home.routes(desk, keys), *(route for part in parts for route in part.routes(desk))]
    inner = Starlette(routes=routes, exception_handlers={404: missing, 405: forbidden})
    return guarded(inner, keys, home.refused)
