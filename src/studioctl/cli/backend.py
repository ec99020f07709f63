"""From `[state]` to Terraform's backend. Apart from context.py, because `synth` needs no more than this."""

from studioctl.config.model import EnvironmentConfig
from studioctl.terraform.backend import Backend


def backend_of(config: EnvironmentConfig) -> Backend:
    """The backend that `[state]` describes."""
    if config.state.backend == "local":
        return Backend()
    key = config.state.key or f"{config.name}/terraform.tfstate"
    settings = {"key": key, "region": config.state.region or config.region}
    return Backend("s3", {"bucket": config.state.bucket, **settings} if config.state.bucket else settings)
