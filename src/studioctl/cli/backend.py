"""From `[state]` to Terraform's backend. Apart from context.py, because `synth` needs no more than this."""

from studioctl.config.model import EnvironmentConfig
from studioctl.terraform.backend import Backend


def backend_of(config: EnvironmentConfig) -> Backend:
    """The backend that `[state]` describes. A local one, too, knows its key and region: a bucket may yet be given."""
    key = config.state.key or f"{config.name}/terraform.tfstate"
    settings = {"key": key, "region": config.state.region or config.region}
    bucket = {"bucket": config.state.bucket} if config.state.bucket else {}
    return Backend(config.state.backend, {**bucket, **settings})
