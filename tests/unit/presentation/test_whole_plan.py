"""The notes below a plan, beside the account's quotas."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.catalog.images import support
from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.operations import emulation
from studioctl.presentation.whole_plan import WholePlan
from studioctl.terraform.plan import PlanSummary

FILE = """\
name = "acme-ml"
region = "us-east-1"

[studio]
image = "3.1"

[[users]]
name = "ada"
spaces = [{ name = "ada-new", image = "4.99" }, { name = "ada-lab", image = "4.3" }]
"""


@pytest.mark.parametrize("is_first", [True, False])
def test_images_that_nobody_mends_or_knows_are_told_below_a_plan(
    monkeypatch: pytest.MonkeyPatch, *, is_first: bool
) -> None:
    monkeypatch.setattr(emulation, "now", lambda _: datetime(2026, 9, 1, tzinfo=UTC))
    environment: Any = SimpleNamespace(config=parse(FILE), source=Source("studio.toml", FILE), target=None)
    summary = PlanSummary((), (), (), destroy=False, has_changes=True, file=Path("plan"))
    unused: Any = SimpleNamespace(is_new=is_first)
    plan = WholePlan(environment, summary, unused, unused, unused, unused, None, ())

    table = f"AWS's table as of {support().as_of}: AWS may have it since, or not at all"
    assert plan.short == [
        "Note: studio.toml:5: studio.image: 3.1, which AWS supported until 2025-11-19.",
        f'Note: studio.toml:9: users[0].spaces[0].image: "4.99" is not in {table}.',
    ]
    assert replace(plan, summary=replace(summary, has_changes=False)).short == []
