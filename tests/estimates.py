"""The estimate of every example, in its own region and where prices are known, as `studioctl cost` shows it."""

import io
from pathlib import Path

from rich.console import Console

from studioctl.catalog.prices import regions
from studioctl.config.load import load
from studioctl.config.source import Source
from studioctl.operations.costs.estimate import estimate
from studioctl.operations.costs.what_if import Asked, changed
from studioctl.presentation import costs
from studioctl.presentation.console import PIPE_WIDTH, Terminal

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
GOLDEN = ROOT / "tests/golden/costs"


def text(example: Path, region: str) -> str:
    """The text that a person sees, on both streams."""
    config, written = load(example), io.StringIO()
    console = Console(file=written, width=PIPE_WIDTH, highlight=False, markup=False, emoji=False)
    source = Source(f"examples/{example.name}", example.read_text(encoding="utf-8"))
    found = estimate(config if region == config.region else changed(config, Asked(region=region)))
    costs.show(found, Terminal(out=console, err=console), source=source, against=None, flags="")
    return "".join(f"{line.rstrip()}\n" for line in written.getvalue().splitlines())


def files() -> dict[Path, tuple[Path, str]]:
    """Each golden file, with its example and region."""
    return {
        GOLDEN / f"{example.stem}.{region}.txt": (example, region)
        for example in EXAMPLES
        for region in dict.fromkeys((load(example).region, *regions()))
    }
