"""The documentation as a person reads it."""

from collections.abc import Sequence

from rich.markdown import Markdown

from studioctl.manual import Page
from studioctl.presentation.console import Terminal


def show(page: Page, terminal: Terminal) -> None:
    """A page: laid out on a terminal, as it was written in a pipe."""
    if terminal.out.is_terminal:
        terminal.out.print(Markdown(page.text, hyperlinks=False))
    else:
        terminal.data(page.text.rstrip("\n"))


def listed(pages: Sequence[Page], terminal: Terminal) -> None:
    """Names and titles, kind by kind."""
    width = max(len(page.name) for page in pages)
    for kind in dict.fromkeys(page.kind for page in pages):
        terminal.data(f"{kind}:")
        for page in pages:
            if page.kind == kind:
                terminal.data(f"  {page.name:<{width}}  {page.title}")
