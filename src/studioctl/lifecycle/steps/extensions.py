"""Editor extensions from Open VSX."""

from collections.abc import Sequence

from studioctl.lifecycle.step import Step, quoted

# The editor fills its extensions directory with the bundled ones only when it finds none: making it here would
# lose them. So on a first start the installation waits in the background until the editor has made it.
# Source: start-code-editor of aws/sagemaker-distribution, 2.5 and newer; older images use the one below /opt.
BODY = """\
install() {{
  for _ in $(seq 60); do
    for data in "$HOME" /opt/amazon/sagemaker; do
      directory="$data/sagemaker-code-editor-server-data/extensions"
      [ -d "$directory" ] || continue
      for extension in {extensions}; do
        compgen -G "$directory/${{extension,,}}-*" > /dev/null && continue
        sagemaker-code-editor --install-extension "$extension" --extensions-dir "$directory"
      done
      return
    done
    sleep 2
  done
}}
install < /dev/null > "$HOME/.studioctl-extensions.log" 2>&1 &
"""


def install(identifiers: Sequence[str]) -> Step | None:
    """Installs each extension that is not there yet."""
    if not identifiers:
        return None
    return Step("extensions", BODY.format(extensions=quoted(identifiers)))
