"""Editor extensions from Open VSX, or from VSIX files on the web."""

from collections.abc import Sequence

from studioctl.lifecycle.step import Step, quoted


def install(wanted: Sequence[str]) -> Step | None:
    """Installs each extension once. What the user uninstalls stays away, where the image keeps extensions at all.

    The editor fills its extensions directory with the bundled ones only when it finds none: making it here would
    lose them. So on a first start the installation waits in the background until the editor has made it.
    Source: start-code-editor of aws/sagemaker-distribution, 2.5 and newer; older images use the one below /opt.
    """
    if not wanted:
        return None
    return Step("extensions", f"extensions {quoted(wanted)}", ("editor.sh", "extensions.sh"))
