"""Lines that are too long for a terminal."""

import io
import re

import pytest
from rich.text import Text

from studioctl.errors import StudioctlError
from studioctl.presentation.console import SafeConsole, Terminal
from studioctl.presentation.lines import broken

AWS = "aws service-quotas list-service-quotas --query \"Quotas[?QuotaName=='a b'].QuotaCode\" --output text"
URL = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"


SHOWN = f"""\
Cost: 2.24 USD a month with no app running, 10.93 at 8 h a working day, 12.02 if
left running (prices of 2026-08-24).

Next:  studioctl down --local --delete-data=spaces   (a rehearsal: these
       volumes, and any copy of them, last only as long as the emulator)

      do: sign in (aws sso login, or aws configure), check with:
        aws sts get-caller-identity; or add --local to act on the emulator

  below that [[users]], which is on line 21:
    spaces = [{{ name = "linus-editor", instance_type = "ml.t3.large" }}]

  studioctl up --local                  come back, with empty home directories:
                                        the old ones stay in what was kept

ask AWS for more of what is used up here:
{AWS}

  look there, it says how:
    {URL}

漢字漢字漢字漢字漢字 漢字漢字漢字漢字漢字 漢字漢字漢字漢字漢字
漢字漢字漢字漢字漢字
"""


@pytest.mark.parametrize("shown", SHOWN.split("\n\n"))
def test_a_line_is_broken_at_words_and_not_in_what_is_copied(shown: str) -> None:
    line = re.sub(r"\n +|\n(?!$)", " ", shown)

    assert broken(Text(line), 80).plain.rstrip("\n") == shown.rstrip("\n")


def test_lines_that_fit_stay_as_they_are() -> None:
    assert broken(Text("one\n\n  two  \n"), 80).plain == "one\n\n  two  \n"


def test_styles_stay_where_they_were() -> None:
    line = broken(Text.assemble(("Error: ", "bold red"), ("word " * 20, "green")), 30)

    assert [(line.plain[span.start : span.end].split()[0], span.style) for span in line.spans] == [
        ("Error:", "bold red"),
        *[("word", "green")] * 4,
    ]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_only_a_terminal_has_its_lines_broken(is_terminal: bool) -> None:
    written = io.StringIO()
    console = SafeConsole(
        file=written, force_terminal=is_terminal, no_color=True, width=40, markup=False, emoji=False, highlight=False
    )
    Terminal(out=console, err=console).error(StudioctlError("a " * 30 + "end", hint="studioctl status " + "--all " * 9))

    lines = written.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    assert len(lines) == (3 if is_terminal else 2), lines
    assert lines[-1] == "Next:  studioctl status " + "--all " * 9
