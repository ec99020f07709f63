"""The variables of terminals and of the script itself, PATH among them, and the command `studio-setup`."""

from collections.abc import Mapping

from studioctl.lifecycle.step import Step, quoted

BIN = '"$HOME/.local/bin"'
CONDA = '"$HOME/.local/share/studioctl/conda/bin"'
# The daemon that Studio offers speaks API 1.41. Images since 2.2 bring newer clients, which would have to ask for that
# without a version, and Studio's proxy does not answer such paths.
# https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-local-get-started.html
# https://github.com/aws/amazon-sagemaker-feedback/issues/161
DOCKER = (
    'export DOCKER_HOST="${DOCKER_HOST:-unix:///docker/proxy.sock}"',
    'export DOCKER_API_VERSION="${DOCKER_API_VERSION:-1.41}"',
)


def step() -> Step:
    """Writes what `variables` makes where terminals read it; the user may take it out of there again."""
    return Step("environment", "environment", ("environment.sh",))


def variables(values: Mapping[str, str], *, conda: bool, docker: bool) -> str:
    """The shell text that terminals source.

    Args:
        values: Names and values from the file.
        conda: Whether conda's packages are to be found. They come last on PATH, so that base's programs win.
        docker: Whether Docker's client is to find the daemon that Studio offers.
    """
    lines = [f'case ":$PATH:" in *:{BIN}:*) ;; *) PATH={BIN}:$PATH ;; esac']
    if conda:
        lines.append(f'case ":$PATH:" in *:{CONDA}:*) ;; *) PATH=$PATH:{CONDA} ;; esac')
    lines.append("export PATH")
    if docker:
        lines.extend(DOCKER)
    lines += [f"export {name}={quoted([value])}" for name, value in values.items()]
    return "\n".join(lines)
