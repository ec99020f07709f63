"""Optuna's own plots of a study: one HTML file that needs no network, and one PNG."""

import io
import logging
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import optuna
from optuna import visualization
from optuna.trial import TrialState

from studioctl import disk
from studioctl.errors import StudioctlError
from studioctl.tuning import studies
from studioctl.tuning.places import Place, chosen

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font-family:system-ui,sans-serif;margin:2rem auto;max-width:75rem}}</style></head>
<body><h1>{title}</h1>
{figures}
</body></html>
"""


def plot(beside: Path, name: str | None, directory: Path | None) -> tuple[Path, Path]:
    """Writes the plots; the HTML file and the PNG.

    Args:
        beside: The environment's file.
        name: The study's name; None takes the one that changed last.
        directory: The directory for them; None is the study's directory. Files of their names are replaced.

    Raises:
        StudioctlError: No trial is complete.
    """
    found = chosen(beside, name)
    study = studies.opened(found)
    if not studies.best_of(study):
        raise StudioctlError(
            f"Study '{found.name}' has no complete trial to plot yet.",
            hint=f"studioctl tune status --study {found.name}",
        )
    where = directory or found.directory
    where.mkdir(parents=True, exist_ok=True)
    page, picture = where / f"{found.name}.html", where / f"{found.name}.png"
    disk.replace(page, _html(found, study))
    disk.replace(picture, _png(study))
    return page, picture


def _shown(study: optuna.Study, library: Any) -> Iterator[Callable[[], Any]]:
    """The plots that this study has data for."""
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    names = sorted({name for trial in complete for name in trial.params})
    if len(study.directions) > 1:
        if len(study.directions) <= 3:
            yield lambda: library.plot_pareto_front(study)
        return
    yield lambda: library.plot_optimization_history(study)
    if names:
        yield lambda: library.plot_slice(study)
    if len(names) > 1:
        if len({trial.value for trial in complete}) > 1:
            yield lambda: library.plot_param_importances(study)
        yield lambda: library.plot_parallel_coordinate(study)
    if any(trial.intermediate_values for trial in study.get_trials(deepcopy=False)):
        yield lambda: library.plot_intermediate_values(study)
    yield lambda: library.plot_timeline(study)


def _html(found: Place, study: optuna.Study) -> str:
    figures = [make() for make in _shown(study, visualization)]
    parts = [
        figure.to_html(full_html=False, include_plotlyjs="inline" if place == 0 else False)
        for place, figure in enumerate(figures)
    ]
    return _PAGE.format(title=escape(f"Study {found.name}"), figures="\n".join(parts))


def _png(study: optuna.Study) -> bytes:
    """The same plots, one below the other; drawn by matplotlib, since plotly would need a browser."""
    import matplotlib as mpl  # noqa: PLC0415 (a second to load, and a window system to be kept from)

    mpl.use("agg")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib import pyplot  # noqa: PLC0415
    from optuna.visualization import matplotlib as drawn  # noqa: PLC0415
    from PIL import Image  # noqa: PLC0415 (matplotlib brings it)

    pictures = []
    for make in _shown(study, drawn):
        make()
        content = io.BytesIO()
        pyplot.gcf().set_size_inches(10, 5)
        pyplot.savefig(content, format="png", dpi=100, bbox_inches="tight")
        pyplot.close("all")
        pictures.append(Image.open(content))
    sheet = Image.new("RGB", (max(each.width for each in pictures), sum(each.height for each in pictures)), "white")
    top = 0
    for each in pictures:
        sheet.paste(each, (0, top))
        top += each.height
    written = io.BytesIO()
    sheet.save(written, format="PNG")
    return written.getvalue()
