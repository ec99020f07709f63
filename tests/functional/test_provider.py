"""Whoever starts the provider, the plan is the same."""

from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from tests.functional.conftest import SMALL, Shell

pytestmark = pytest.mark.terraform


def test_one_that_is_shared_and_one_for_each_terraform_plan_the_same(shell: Shell, tmp_path: Path) -> None:
    """With a CA bundle each Terraform starts its own, as bare Terraform does; nothing else in the suite does so."""
    shell.write(SMALL.format(name="acme-plan"))
    bundle = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))
    sharing = replace(shell, cold=True)
    alone = replace(sharing, variables={**shell.variables, "AWS_CA_BUNDLE": str(bundle)})

    shared = sharing.studioctl("plan", "--local", "--verbose", expect=2)
    own = alone.studioctl("plan", "--local", "--verbose", expect=2)

    why = "note: Each Terraform starts its own provider: AWS_CA_BUNDLE is set, which the provider reads only once"
    assert why in " ".join(own.err.split())
    assert "its own provider" not in shared.err
    assert own.out == shared.out
    assert "aws_sagemaker_domain.studio" in own.out
