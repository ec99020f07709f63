"""Templates, and the answers that are made from them. All text is escaped; nothing in a template is code of others."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import jinja2
import markupsafe
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

import studioctl
from studioctl.errors import StudioctlError
from studioctl.presentation.console import shown
from studioctl.presentation.findings import below, status

QUOTED = re.compile("`([^`\n]+)`")
PIECES = 100  # of a template, which are sent together
PARTIAL = "hx-request"  # htmx asks for a part of a page


@cache
def environment() -> jinja2.Environment:
    """The templates: an unknown name is an error, and what a terminal would act on is left out here, too."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("studioctl.ui"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )
    made.filters["code"] = _code
    made.globals.update(version=studioctl.__version__, parts_of=parts_of, below=below, status=status)
    return made


# Pages of an environment: their key, title, and address below the environment's. The last ones need its file.
PARTS = (("spaces", "Spaces", ""), ("costs", "Costs", "costs"))
OF_FILE = (("plan", "Plan", "plan"), ("network", "Network", "network"), ("findings", "Findings", "findings"))
OF_EMULATOR = (("emulator", "Emulator", "emulator"),)


def parts_of(base: Any) -> tuple[tuple[str, str, str], ...]:
    """The pages of an environment that there are."""
    return PARTS + (OF_FILE if base.has_file else ()) + (OF_EMULATOR if base.is_local else ())


def _clean(value: Any) -> Any:
    return shown(value) if isinstance(value, str) and not isinstance(value, markupsafe.Markup) else value


def _code(text: str) -> markupsafe.Markup:
    """The text, with what stands between backticks as code."""
    return markupsafe.Markup(QUOTED.sub(r"<code>\1</code>", str(markupsafe.escape(shown(text)))))  # noqa: S704 (escaped)


def render(template: str, **values: Any) -> markupsafe.Markup:
    """A template with these values."""
    return markupsafe.Markup(environment().get_template(template).render(**values))  # noqa: S704 (escaped by Jinja)


def part(target: str, content: str, swap: str = "outerMorph") -> markupsafe.Markup:
    """A piece that htmx puts in the place of an element of the page."""
    opening = markupsafe.Markup('<hx-partial hx-target="#{}" hx-swap="{}">').format(target, swap)
    return opening + content + markupsafe.Markup("</hx-partial>")


def is_partial(request: Request) -> bool:
    """Whether htmx asks, and takes parts of a page."""
    return PARTIAL in request.headers


def answer(text: str, status: int = 200) -> Response:
    """A page, or parts of one."""
    return HTMLResponse(text, status)


def streamed(template: str, told: Callable[[Exception], StudioctlError], **values: Any) -> Response:
    """A long page, of which the browser can show the beginning before the end is drawn.

    Args:
        template: The page's.
        told: An exception of a late piece, as it is shown where the page then ends: its status is sent by then.
        values: The template's.
    """
    pieces = environment().get_template(template).stream(**values)
    pieces.enable_buffering(PIECES)
    return StreamingResponse(_to_the_end(next(pieces), pieces, told), media_type="text/html")


def _to_the_end(first: str, rest: Iterator[str], told: Callable[[Exception], StudioctlError]) -> Iterator[str]:
    yield first
    try:
        yield from rest
    except Exception as error:  # noqa: BLE001 (a page that breaks off would look like a whole one)
        yield markupsafe.Markup("</table>") + render("_refused.html", error=told(error))


def go_to(address: str) -> Response:
    """Send the browser to the page that shows what was done, so that it can be loaded again without doing it again."""
    return RedirectResponse(address, 303)


def trouble(error: StudioctlError, base: Any, status: int = 409) -> Response:
    """A page that says what went wrong and what to do next."""
    return answer(render("trouble.html", base=base, error=error), status)
