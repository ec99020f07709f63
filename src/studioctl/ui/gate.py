"""Admit to the page only the browser that was given the address of this start.

Every program of the machine can connect to loopback, and every site that a browser visits can make it ask there. So
each request has to name this very host and port, to come from this user where the system tells whose a socket is, to
come from the page or the person, and to carry the cookie that the one-time address was exchanged for. What changes
something must come from the page.

Browsers send the cookies of a host to all its ports. So all paths of a start begin with a random word, and the cookie
is for paths below it alone: a server on another port gets it only if it is asked for a path that it cannot know.
https://www.rfc-editor.org/rfc/rfc6265#section-8.5, https://www.rfc-editor.org/rfc/rfc6265#section-5.1.4
"""

import hmac
import secrets
import threading
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from studioctl.remote import peers

HOST = "127.0.0.1"
ENTRANCE = "/enter/"
READING = {"GET", "HEAD"}
# External files of this very server, and nothing else: no inline script or style, no frame, no other host.
# `same-origin` as referrer policy: with `no-referrer` browsers say `Origin: null` even to this server.
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass
class Keys:
    """The secrets of one start, which are in memory only.

    Args:
        port: Of the page on 127.0.0.1.
        root: The beginning of all its paths. It is no key: whoever knows it still needs the cookie.
        tells_users: Whether this machine says whose sockets are.
        on_second_use: Called when the one-time address is used again.
    """

    port: int
    root: str = field(default_factory=lambda: f"/{secrets.token_urlsafe(16)}")
    tells_users: bool = False
    on_second_use: Callable[[], None] = lambda: None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    is_used: bool = field(default=False, init=False)
    _turn: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @property
    def host(self) -> str:
        """The only value of the header Host that is answered."""
        return f"{HOST}:{self.port}"

    @property
    def address(self) -> str:
        """The origin of the page's own requests."""
        return f"http://{self.host}"

    @property
    def home(self) -> str:
        """The address where the page begins, for a browser that was let in."""
        return f"{self.address}{self.root}/"

    @property
    def one_time_address(self) -> str:
        """The address that lets one browser in, once. It is a credential."""
        return f"{self.home.removesuffix('/')}{ENTRANCE}{self.token}"

    @property
    def cookie(self) -> str:
        """The cookie's name, so that two pages do not take each other's away."""
        return f"studioctl-{self.port}"

    @property
    def cookie_header(self) -> str:
        """The header that gives a browser the cookie, for as long as it runs; no script can read it."""
        return f"{self.cookie}={self.session}; HttpOnly; SameSite=Strict; Path={self.root}/"

    def lets_in(self, token: str) -> bool:
        """Whether this is the token, for the first time."""
        if not _same(token, self.token):
            return False
        with self._turn:
            is_first, self.is_used = not self.is_used, True
        if not is_first:
            self.on_second_use()
        return is_first

    def knows(self, cookies: str) -> bool:
        """Whether the header Cookie has what the token was exchanged for."""
        # http.cookies gives up at one without "=", and takes the last of a name: other servers of this host set both.
        pairs = (each.strip().partition("=") for each in cookies.split(";"))
        return any(name == self.cookie and _same(value, self.session) for name, _, value in pairs)


@dataclass(frozen=True)
class Refusal:
    """The reason why a request is not answered.

    Args:
        status: HTTP status.
        message: The reason, for the person at the browser.
    """

    status: int
    message: str


AGAIN = "Run studioctl ui again: it opens the page with a new address."


def refusal(keys: Keys, scope: Scope) -> Refusal | None:
    """The reason why this request is refused; None if it is not."""
    headers = _headers(scope)
    if headers is None or headers.get("host") != keys.host:
        return Refusal(421, "This page has one address only: the one that studioctl ui says.")
    if keys.tells_users and not _is_own(scope, keys):
        return Refusal(403, "This page is for another user of this machine.")
    if not _same(scope["path"][: len(keys.root) + 1], f"{keys.root}/"):
        return Refusal(403, f"This browser was not let in. {AGAIN}")
    is_reading = scope["method"] in READING
    if is_reading and scope["path"].startswith(keys.root + ENTRANCE):
        return None  # the page behind it looks at the token
    return _refusal_inside(keys, headers, is_reading=is_reading)


def _refusal_inside(keys: Keys, headers: Mapping[str, str], *, is_reading: bool) -> Refusal | None:
    # https://www.w3.org/TR/fetch-metadata/: every current browser sends it; cookie and Origin decide for the others.
    # Another server of this machine is the same site, so the cookie's SameSite does not keep its pages out.
    site = headers.get("sec-fetch-site", "same-origin")
    if is_reading and site not in {"same-origin", "none"}:
        return Refusal(403, "Another site asked for this. Type the address yourself.")
    if not keys.knows(headers.get("cookie", "")):
        return Refusal(403, f"This browser was not let in. {AGAIN}")
    if is_reading or (headers.get("origin") == keys.address and site == "same-origin"):
        return None
    return Refusal(403, "This request does not come from the page. Nothing was changed.")


def _headers(scope: Scope) -> Mapping[str, str] | None:
    """The headers by name; None where one that decides stands there twice."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        if key in found and key in {"host", "origin", "sec-fetch-site"}:
            return None
        joined = f"{found[key]}; {value.decode('latin-1')}" if key in found else value.decode("latin-1")
        found[key] = joined
    return found


def _is_own(scope: Scope, keys: Keys) -> bool:
    client = scope.get("client")
    return client is not None and peers.is_ours(peers.owner((client[0], client[1]), (HOST, keys.port)))


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def guarded(app: Application, keys: Keys, refused: Callable[[Refusal], Application]) -> Application:
    """The application behind the gate, with the headers that hold a browser to it.

    Args:
        app: The application that answers.
        keys: Of this start.
        refused: Makes the answer to a request that is refused.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                known = {name.lower() for name, _ in message["headers"]}
                more = HEADERS if b"cache-control" in known else {**HEADERS, "cache-control": "no-store"}
                message["headers"] = [
                    *message["headers"],
                    *((name.encode(), value.encode()) for name, value in more.items()),
                ]
            await send(message)

        why = refusal(keys, scope)
        inside = {**scope, "root_path": keys.root}
        await (refused(why) if why else app)(inside, receive, send_with_headers)

    return answer


def can_tell_users(port: int) -> bool:
    """Whether this machine says whose sockets are, tried with the page's own."""
    try:
        return peers.can_be_told((HOST, port))
    except OSError:
        return False
