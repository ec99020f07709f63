"""The committed files that are made from the code are up to date."""

from pathlib import Path

import pytest
from tests.generated import FILES, ROOT


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_generated_file_is_fresh(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == FILES[path](), "run: make generated"
