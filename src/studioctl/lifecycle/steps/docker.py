"""Docker's client, for images that lack it: AWS's have it since 2.2.0."""

from studioctl.lifecycle.step import Step


def client(*, wanted: bool) -> Step | None:
    """Unpacks the client and its compose plugin into the home, in the version that Studio supports.

    The packages come from Docker's own repository, whose signature apt checks against Docker's key.
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-local-get-started.html
    """
    return Step("docker", "docker_client", ("docker.sh",)) if wanted else None
