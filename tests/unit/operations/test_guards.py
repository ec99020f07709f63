"""A file that was changed so that its environment would be forgotten; with what is printed in it, it is not."""

import re
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from studioctl.catalog import kinds
from studioctl.config.load import parse
from studioctl.config.source import Source
from studioctl.errors import RefusedError
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import guards
from studioctl.target import LocalEndpoint, Target
from tests.remedies import claimed, made_from

HERE = "tests/unit/operations/test_guards.py"
TEXT = 'name = "acme-ml"\nregion = "us-east-1"\n\n[[users]]\nname = "Ada"\n'
DOMAIN = "arn:aws:sagemaker:us-east-1:123456789012:domain/d-abc"
PROFILE = "arn:aws:sagemaker:us-east-1:123456789012:user-profile/d-abc/Ada"


@dataclass
class Made:
    """Terraform's knowledge of the environment that the text made."""

    name: str

    def state(self) -> dict[str, Any]:
        known = {"aws_sagemaker_domain": {"arn": DOMAIN}, kinds.PROFILE: {"arn": PROFILE, "user_profile_name": "Ada"}}
        tags = {"studioctl:environment": "acme-ml"}
        return {
            "resources": [
                {
                    "mode": "managed",
                    "type": kind,
                    "name": "it",
                    "instances": [{"attributes": {**attributes, "tags_all": tags}}],
                }
                for kind, attributes in known.items()
            ]
        }

    @property
    def workspace(self) -> Any:
        """The directory has a record of each environment that a file here has made."""
        return SimpleNamespace(predecessors=lambda: () if self.name == "acme-ml" else ("acme-ml",))


def guarded(text: str) -> None:
    config = parse(text)
    target = Target(config.region, local=LocalEndpoint("http://127.0.0.1:1", "key", "secret"))
    terraform: Any = Made(config.name)
    environment = Environment(config, target, terraform, source=Source("studio.toml", text))
    guards.refuse_to_forget(environment)
    guards.refuse_another_case(environment, {})


def test_written_as_printed() -> None:
    guarded(TEXT)
    walked = set()
    for line, changed in (
        ('name = "acme-ml"', 'name = "acme-web"'),
        ('region = "us-east-1"', 'region = "eu-west-1"'),
        ('name = "Ada"', 'name = "ada"'),
    ):
        text = TEXT.replace(line, changed)
        with pytest.raises(RefusedError) as refused:
            guarded(text)
        walked |= made_from(refused.value.hint, "studioctl.operations.provisioning.guards")
        found = re.match(r"write (\w+ = \"[^\"]+\") again", refused.value.hint)
        assert found, refused.value.hint
        guarded(text.replace(changed, found[1]))

    assert claimed(f"{HERE}::test_written_as_printed") == walked
