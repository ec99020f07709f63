"""The variables of terminals and of the script itself, PATH among them, and the command `studio-setup`."""

from collections.abc import Mapping

from studioctl.lifecycle.step import Step, quoted

BIN = '"$HOME/.local/bin"'
CONDA = '"$HOME/.local/share/studioctl/conda/bin"'
# https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-local.html
DOCKER = 'export DOCKER_HOST="${DOCKER_HOST:-unix:///docker/proxy.sock}"'


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
        lines.append(DOCKER)
    lines += [f"export {name}={quoted([value])}" for name, value in values.items()]
    return "\n".join(lines)
