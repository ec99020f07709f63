"""Import blocks for one plan."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from studioctl.terraform import document
from studioctl.terraform.vetting import IMPORTS_FILE
from studioctl.terraform.workspace import Workspace, write_text


@contextmanager
def offered(workspace: Workspace, ids: Mapping[str, str]) -> Iterator[None]:
    """Import blocks for one plan, which keeps them; a later one would stumble over what has gone since then.

    Args:
        workspace: The workspace in which Terraform plans.
        ids: The ids for `terraform import`, by address.
    """
    file = workspace.directory / IMPORTS_FILE
    file.unlink(missing_ok=True)  # of a run that was killed
    if ids:
        write_text(file, document.imports(ids))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
