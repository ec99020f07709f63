"""The documentation as a person reads it."""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence

from rich.markdown import Markdown

from studioctl.manual import Page
from studioctl.presentation.console import Terminal


def show(page: Page, terminal: Terminal) -> None:
    """A page: laid out on a terminal, as it was written in a pipe."""
    if terminal.out.is_terminal:
        with terminal.out.capture() as laid_out:
            terminal.out.print(Markdown(page.text, hyperlinks=False))
        _page_by_page(laid_out.get(), terminal)
    else:
        terminal.data(page.text.rstrip("\n"))


def _page_by_page(text: str, terminal: Terminal) -> None:
    """Show a text in the person's pager, or less; all at once if it fits on the screen, or neither is there."""
    program = shlex.split(os.environ.get("PAGER", "")) or ["less"]
    if text.count("\n") >= terminal.out.height and shutil.which(program[0]) and sys.stdin and sys.stdin.isatty():
        # F: ends if it all fits; R: takes colours as they are; X: leaves the text on the screen. As git asks for it.
        pager = subprocess.Popen(program, stdin=subprocess.PIPE, env={"LESS": "FRX", **os.environ})
        with contextlib.suppress(BrokenPipeError):
            while True:
                with contextlib.suppress(KeyboardInterrupt):  # it is the pager's
                    pager.communicate(text.encode(errors="replace"))
                    return
    terminal.out.file.write(text)
    terminal.out.file.flush()


def listed(pages: Sequence[Page], terminal: Terminal) -> None:
    """Names and titles, kind by kind."""
    width = max(len(page.name) for page in pages)
    for kind in dict.fromkeys(page.kind for page in pages):
        terminal.data(f"{kind}:")
        for page in pages:
            if page.kind == kind:
                terminal.data(f"  {page.name:<{width}}  {page.title}")
