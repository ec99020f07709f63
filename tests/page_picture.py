"""The picture of `studioctl ui`: the page's own HTML and style sheet, as they are served, in an SVG.

Browsers draw HTML inside of an SVG that is an image, in light and dark, and run nothing in it. So the picture needs no
browser to be made, is the same text on each machine, and is outdated as soon as the page is another one.
"""

import html
import re
from collections.abc import Sequence
from datetime import timedelta
from html.parser import HTMLParser
from importlib.resources import files

from studioctl.aws.values import ResourceSpec
from tests.unit.ui.house import MOMENT, house

WIDTH, HEIGHT = 1100, 500
VOID = {"input", "img", "meta", "link", "br", "hr"}
LEFT_OUT = {"script", "title", "meta", "link"}


class _Xml(HTMLParser):
    """HTML as XML: each element is closed, and each attribute has a value."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []
        self._skips = False

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self._skips = tag in LEFT_OUT
        if not self._skips:
            # A name with a colon, such as hx-sse:connect, would need a namespace; nothing in a picture is live.
            kept = [(name, name if value is None else value) for name, value in attrs if not name.startswith("hx-")]
            words = "".join(f' {name}="{html.escape(value)}"' for name, value in kept)
            self.written.append(f"<{tag}{words}{'/' if tag in VOID else ''}>")

    def handle_endtag(self, tag: str) -> None:
        if tag not in LEFT_OUT | VOID:
            self.written.append(f"</{tag}>")
        self._skips = False

    def handle_data(self, data: str) -> None:
        if not self._skips:
            self.written.append(html.escape(data, quote=False))


def _xml(page: str) -> str:
    parser = _Xml()
    parser.feed(page)
    return "".join(parser.written)


def _style() -> str:
    """The page's style sheet without what is for narrow screens: an image has a width of its own."""
    text = files("studioctl.ui").joinpath("static/ui.css").read_text()
    return text.partition("@media (max-width")[0] + "body { height: 100% }\n"


def spaces() -> str:
    """An environment's spaces, of which one has run for two hours."""
    with house("ada-editor", "eve-editor", "grace-editor") as home:
        home.enter()
        home.fleet.create_editor(home.fleet.details["grace-editor"], ResourceSpec("ml.t3.medium"))
        home.now = MOMENT + timedelta(minutes=35)
        home.desk.watch("acme-ml").now()
        page = home.client.get("/e/acme-ml/").text
    body = _xml(re.findall(r"<body>.*</body>", page, re.DOTALL)[0])
    body = body.replace("<body>", '<body xmlns="http://www.w3.org/1999/xhtml">', 1)
    label = "The page: three spaces with their owner, state, instance, idle stop, cost and volume, and buttons"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">\n'
        f"<style>{html.escape(_style(), quote=False)}</style>\n"
        f'<foreignObject width="{WIDTH}" height="{HEIGHT}">\n{body}\n</foreignObject>\n</svg>\n'
    )
