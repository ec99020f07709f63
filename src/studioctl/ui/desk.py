"""Shared by all pages: the accounts, what is watched, what runs, and how a request becomes an answer."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from studioctl.errors import StudioctlError
from studioctl.operations.environment import Account
from studioctl.operations.status import Status, status
from studioctl.ui import pages
from studioctl.ui.jobs import Jobs
from studioctl.ui.watch import Watch
from studioctl.ui.ways import OfFile, Ways

SECONDS = {"local": 1.0, "aws": 5.0}  # between two looks; AWS limits how often one may ask
PAUSE = 0.05  # seconds between two looks of a stream at what is known already
SILENCE = 15.0  # seconds after which a stream says that it is alive, and so finds out whether anybody listens
LARGEST_FORM = 64 * 1024
Form: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Base:
    """The frame around each page.

    Args:
        environment: The environment that the page is about; empty for none.
        place: Where it is, in words.
        has_file: Whether there is a file of it.
        is_local: Whether it is on the emulator.
        here: Which page this is.
    """

    environment: str
    place: str
    has_file: bool
    is_local: bool
    here: str


@dataclass
class Desk:
    """The page's memory, for as long as the command runs.

    Args:
        ways: How AWS is reached.
        as_ours: Any exception as an error that says what to do next.
        look: Looks at an environment once.
        clock: The time in seconds since 1970.
        stopping: Set when the command ends.
    """

    ways: Ways
    as_ours: Callable[[Exception], StudioctlError]
    look: Callable[[Account], Status] = status
    clock: Callable[[], float] = time.time
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.as_ours)
        self._accounts: dict[str, Account] = {}
        self._watches: dict[str, Watch[Status]] = {}
        self._turn = threading.Lock()

    def account(self, environment: str) -> Account:
        """The account of an environment, the same each time."""
        with self._turn:
            if environment not in self._accounts:
                self._accounts[environment] = self.ways.of(environment)
            return self._accounts[environment]

    def watch(self, environment: str) -> Watch[Status]:
        """The watch over an environment."""
        account = self.account(environment)
        with self._turn:
            if environment not in self._watches:
                seconds = SECONDS[account.target.name]
                self._watches[environment] = Watch(partial(self.look, account), self.as_ours, seconds=seconds)
            return self._watches[environment]

    def file_of(self, environment: str) -> OfFile:
        """Return what the environment's file allows.

        Raises:
            StudioctlError: The page knows no file of it.
        """
        found = self.ways.file_of(environment)
        if found is None:
            raise StudioctlError(
                f"The file of '{environment}' is not known here.",
                hint="run studioctl ui where its studio.toml is",
            )
        return found

    def base(self, environment: str, here: str) -> Base:
        """The frame of a page about an environment; an empty name for none."""
        account = self.account(environment) if environment else self.ways.account
        target = account.target
        place = f"{target.region} on the emulator" if target.is_local else target.region
        return Base(environment, place, self.ways.file_of(environment) is not None, target.is_local, here)

    def told(self, error: StudioctlError, environment: str) -> StudioctlError:
        """A copy of the error, since a page may show it again, with its next commands as they have to be typed."""
        hint = self.ways.repeating(error.hint, environment)
        return StudioctlError(error.message, hint=hint, exit_code=error.exit_code)

    def reading(self, path: str, handle: Callable[[Request], Response]) -> Route:
        """A page. Its handler may wait for AWS: it has a thread."""

        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(self._answer, request, lambda: handle(request))

        return Route(path, endpoint, methods=["GET"])

    def changing(self, path: str, handle: Callable[[Request, Form], Response]) -> Route:
        """Answer a button. Only a POST gets here, and the gate lets in only those of the page."""

        async def endpoint(request: Request) -> Response:
            form = await _form(request)
            return await run_in_threadpool(self._answer, request, lambda: handle(request, form))

        return Route(path, endpoint, methods=["POST"])

    def streaming(self, path: str, tell: Callable[[Request], AsyncIterator[str]]) -> Route:
        """Server-sent events, until the browser or the command ends."""

        async def endpoint(request: Request) -> Response:
            return StreamingResponse(_framed(tell(request)), media_type="text/event-stream")

        return Route(path, endpoint, methods=["GET"])

    def _answer(self, request: Request, make: Callable[[], Response]) -> Response:
        environment = str(request.path_params.get("environment", ""))
        try:
            return make()
        except Exception as error:  # noqa: BLE001 (nothing may end in a traceback unasked)
            ours = self.told(self.as_ours(error), environment)
            base = Base(environment, "", has_file=False, is_local=False, here="")
            return pages.trouble(ours, base, 409 if isinstance(error, StudioctlError) else 500)

    async def ticks(self) -> AsyncIterator[bool]:
        """Each moment in which a stream looks for news; True when it has to show that it is alive."""
        silent = 0.0
        while not self.stopping.is_set():
            yield silent >= SILENCE
            silent = 0.0 if silent >= SILENCE else silent + PAUSE
            await asyncio.sleep(PAUSE)


async def _form(request: Request) -> Form:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST_FORM:
            return {}
    return {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}


async def _framed(texts: AsyncIterator[str]) -> AsyncIterator[str]:
    """Each text as an event; an empty one as a comment, which nobody sees.

    https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
    """
    async for text in texts:
        lines = "".join(f"data: {line}\n" for line in text.splitlines())
        yield f"{lines or ':'}\n" if lines else ":\n\n"
