"""Shared by all pages: the accounts, what is watched, what runs, and how a request becomes an answer."""

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias
from urllib.parse import parse_qs, quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from studioctl.errors import AwsError, StudioctlError
from studioctl.operations.environment import Account
from studioctl.operations.status import Status, status
from studioctl.ui import pages
from studioctl.ui.jobs import Jobs
from studioctl.ui.watch import Watch
from studioctl.ui.ways import MARK, OfFile, Ways

SECONDS = {"local": 1.0, "aws": 5.0}  # between two looks; AWS limits how often one may ask
PAUSE = 0.02  # seconds between two looks of a stream at what is known already
SILENCE = 15.0  # seconds after which a stream says that it is alive, and so finds out whether anybody listens
# What a hint says to somebody at a terminal, and on the page nobody can do.
AGAIN = re.compile("run the same command again(; --debug shows the details)?")
LARGEST_FORM = 64 * 1024
Form: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Base:
    """The frame around each page.

    Args:
        root: The beginning of all its addresses.
        environment: Name of the environment that the page is about; empty for none.
        path: The beginning of the addresses of its pages.
        place: The environment's target, in words.
        has_file: Whether there is a file of it.
        is_local: Whether it is on the emulator.
        here: The page that is shown.
    """

    root: str
    environment: str
    path: str
    place: str
    has_file: bool
    is_local: bool
    here: str


@dataclass
class Desk:
    """The page's memory, for as long as the command runs.

    Args:
        ways: The ways to reach AWS.
        as_ours: Any exception as an error that says what to do next.
        look: Looks at an environment once.
        root: The beginning of all paths of the page.
        clock: The time in seconds since 1970.
        stopping: Set when the command ends.
    """

    ways: Ways
    as_ours: Callable[[Exception], StudioctlError]
    look: Callable[[Account], Status] = status
    root: str = ""
    clock: Callable[[], float] = time.time
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.as_ours)
        self._accounts: dict[str, Account] = {}
        self._signing_in: dict[str, threading.Lock] = {}
        self._refusals: dict[str, AwsError] = {}
        self._target = self.ways.account().target
        self._watches: dict[str, Watch[Status]] = {}
        self._turn = threading.Lock()

    def account(self, environment: str) -> Account:
        """The account of an environment: the same each time, as long as it is at the same address.

        It may have to be signed in, for which a code is asked on the terminal: once at a time, and once only until
        somebody comes back to the page.

        Raises:
            StudioctlError: It was made from another directory, and is there no more.
            AwsError: It could not be signed in.
        """
        now = self.ways.account()
        with self._turn:
            if now.target != self._target:  # an emulator that was started anew
                self._target, self._accounts, self._refusals = now.target, {}, {}
            if found := self._accounts.get(environment):
                return found
            turn = self._signing_in.setdefault(environment, threading.Lock())
        with turn:
            return self._made(environment, now)

    def _made(self, environment: str, now: Account) -> Account:
        """The account, in whose turn nobody else makes it."""
        with self._turn:
            if found := self._accounts.get(environment):
                return found
            if refusal := self._refusals.get(environment):
                raise refusal.with_traceback(None)  # which would grow each time
        try:
            made = self._signed_in(environment, now)
        except AwsError as refusal:
            with self._turn:
                self._refusals[environment] = refusal
            raise
        with self._turn:
            return self._accounts.setdefault(environment, made)

    def _signed_in(self, environment: str, now: Account) -> Account:
        other = self.ways.other(environment)
        if MARK in environment and other is None:
            raise StudioctlError(
                f"'{title_of(environment)}' is no longer made from a directory of this machine.",
                hint="go back to all environments",
            )
        if other:
            return other.account()
        return now if environment == self.ways.home else self.ways.named(now, environment)

    def waits_for_somebody(self, environment: str) -> bool:
        """Whether an account could not be signed in, which is not tried again before somebody loads a page of it."""
        return environment in self._refusals

    def watch(self, environment: str) -> Watch[Status]:
        """The watch over an environment. Streams ask for it all the time, so it waits for nothing."""
        with self._turn:
            if environment not in self._watches:
                seconds = SECONDS[self._target.name]
                look = partial(self._look, environment)
                self._watches[environment] = Watch(look, self.as_ours, seconds=seconds, clock=self._moment)
            return self._watches[environment]

    def _look(self, environment: str) -> Status:
        return self.look(self.account(environment))

    def _moment(self) -> float:
        return self.clock()

    def at(self, path: str) -> str:
        """The address of something on the page, below the word that all addresses of this start begin with."""
        return self.root + path

    def path(self, environment: str, space: str = "", verb: str = "") -> str:
        """The address of an environment's page, or of what is done to a space."""
        return self.at(f"/e/{quote(environment)}/" + (f"spaces/{quote(space)}/{verb}" if space else ""))

    def file_of(self, environment: str) -> OfFile:
        """Return what the environment's file allows.

        Raises:
            StudioctlError: The page knows no file of it.
        """
        found = self.ways.file_of(environment)
        if found is None:
            raise StudioctlError(
                f"The file of '{title_of(environment)}' is not known here.",
                hint="start the page in the directory of its studio.toml",
            )
        return found

    def base(self, environment: str, here: str) -> Base:
        """The frame of a page about an environment; an empty name for none."""
        of_file, account = self.ways.file_of(environment), self._accounts.get(environment)
        target = account.target if account else self._target
        place = f"{target.region} on the emulator" if target.is_local else target.region
        name = title_of(environment)
        if name != environment and of_file:
            place = f"{of_file.path.parent}" + (f", {place}" if account else "")
        return Base(self.root, name, self.path(environment), place, of_file is not None, target.is_local, here)

    def told(self, error: StudioctlError, environment: str, *, asks_again: bool = False) -> StudioctlError:
        """A copy of the error, since a page may show it again, with its next step as it is done from here.

        Args:
            error: The error.
            environment: Its commands are about this one.
            asks_again: Whether the page tries again by itself.
        """
        here = AGAIN.sub("the page asks again by itself" if asks_again else "do the same again", error.hint)
        hint = self.ways.repeating(here, environment)
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
        environment = environment_of(request)
        if request.method == "POST" or not pages.is_partial(request):  # somebody, not the page by itself
            with self._turn:
                self._refusals.pop(environment, None)
        try:
            return make()
        except Exception as error:  # noqa: BLE001 (nothing may end in a traceback unasked)
            ours = self.told(self.as_ours(error), environment)
            status = 409 if isinstance(error, StudioctlError) else 500
            if pages.is_partial(request):
                return pages.answer(pages.part("trouble", pages.render("_refused.html", error=ours)), status)
            return pages.trouble(ours, self.base(environment, ""), status)

    async def ticks(self) -> AsyncIterator[bool]:
        """Each moment in which a stream looks for news; True when it has to show that it is alive."""
        silent = 0.0
        while not self.stopping.is_set():
            yield silent >= SILENCE
            silent = 0.0 if silent >= SILENCE else silent + PAUSE
            await asyncio.sleep(PAUSE)


def environment_of(request: Request) -> str:
    """The name of the environment that a request is about; empty for none."""
    return str(request.path_params.get("environment", ""))


def title_of(environment: str) -> str:
    """The name of an environment of the page, as people call it."""
    return environment.partition(MARK)[0]


def space_of(request: Request) -> str:
    """The name of the space that a request is about."""
    return str(request.path_params["space"])


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
