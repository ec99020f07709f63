"""The start of the page, and the list of all environments of the account and region."""

from functools import partial
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from studioctl.operations.environments import environments
from studioctl.ui import pages
from studioctl.ui.desk import Desk
from studioctl.ui.gate import ENTRANCE, Keys, Refusal

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
A_DAY = "private, max-age=86400"


def routes(desk: Desk, keys: Keys) -> list[Route]:
    """The entrance, the beginning, the list, and the files of the page itself."""
    return [
        desk.reading(ENTRANCE + "{token}", partial(_enter, keys)),
        desk.reading("/", partial(_begin, desk)),
        desk.reading("/environments", partial(_list, desk)),
        desk.reading("/environments/aws", partial(_list_of_aws, desk)),
        desk.reading("/static/{version}/{name}", _static),
    ]


def _enter(keys: Keys, request: Request) -> Response:
    """Exchanges the one-time token for the cookie.

    The page leads on by itself, in place of a redirection: a browser that came from another site, such as a file,
    would keep a cookie that is SameSite=Strict to itself all the way.
    """
    if not keys.lets_in(str(request.path_params["token"])):
        return refused(Refusal(403, "This address worked once, or is none. Run studioctl ui again for another."))
    answer = pages.answer(pages.render("enter.html", root=keys.root))
    answer.headers["set-cookie"] = keys.cookie_header
    return answer


def refused(why: Refusal) -> Response:
    """The page of somebody who is not let in. It says nothing of the environment."""
    return pages.answer(pages.render("refused.html", message=why.message), why.status)


def _begin(desk: Desk, _request: Request) -> Response:
    return pages.go_to(desk.at("/environments") if desk.ways.is_any else desk.path(desk.ways.home))


def _list(desk: Desk, _request: Request) -> Response:
    """List the environments with a file on this machine at once, and those that AWS has when it answers."""
    ways = desk.ways
    known = [(ways.home, desk.path(ways.home), ways.of_file.path.absolute())] if ways.of_file else []
    known += [(other.name, desk.path(other.key), other.of_file.path) for other in ways.others()]
    here = {"known": known, "asked": desk.at("/environments/aws")}
    return pages.answer(pages.render("environments.html", base=desk.base("", "environments"), **here))


def _list_of_aws(desk: Desk, _request: Request) -> Response:
    here = _on_this_machine(desk)
    found = [each for each in environments(desk.ways.account()) if each.name not in here]
    links = {each.name: desk.path(each.name) for each in found if each.name}
    return pages.answer(pages.render("_environments.html", found=found, links=links, others=bool(here)))


def _on_this_machine(desk: Desk) -> set[str]:
    """The names of those of the page's account and region that are listed with their files already."""
    ways, target = desk.ways, desk.ways.account().target
    named = {ways.home} if ways.of_file else set()
    return named | {other.name for other in ways.others() if other.is_at(target)}


def _static(request: Request) -> Response:
    """A file of the page: one of those that are there, by its name alone."""
    name = str(request.path_params["name"])
    kind = TYPES.get(name.rpartition(".")[2])
    known = {file.name: file for file in files("studioctl.ui").joinpath("static").iterdir()}
    if kind is None or name not in known:
        return refused(Refusal(404, "There is no such page."))
    return Response(known[name].read_bytes(), media_type=kind, headers={"cache-control": A_DAY})
