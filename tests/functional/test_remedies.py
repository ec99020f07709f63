"""Every remedy that a command prints before there is anything is run by a shell, as printed; then the command works.

tests/unit/cli/test_remedies.py follows the others. tests/remedies.toml says which remedies are walked here.
"""

import pytest
from tests.functional.conftest import SMALL, Shell
from tests.remedies import claimed
from tests.walking import COMMAND, InShell

HERE = "tests/functional/test_remedies.py"
# A command that finds nothing, the module that says so, and how it is run afterwards.
ASKING = (
    (("ssh-proxy", "arn:aws:sagemaker:us-east-1:123456789012:space/d-abc/ada-editor"), "studioctl.cli.ssh_proxy", ()),
    (("start",), "studioctl.operations.spaces.start_stop", ("start",)),
    (("outputs", "domain_id"), "studioctl.cli.outputs", ("outputs", "domain_id")),
    (("secret", "get", "github"), "studioctl.operations.secrets", ("secret", "status", "github")),
    (("image", "list"), "studioctl.operations.images.images", ("image", "list")),
)

pytestmark = pytest.mark.timeout(600)


def test_before_there_is_anything(shell: Shell) -> None:
    shell.write(SMALL.format(name="acme-ml"))
    walk = InShell(shell)
    printed = [walk.printed(walk.studioctl(*words, "--local"), of=module) for words, module, _ in ASKING]
    (to_run,) = {COMMAND.findall(text)[0] for text in printed}
    done = walk.shell(f"{to_run} --yes")
    assert done.code == 0, done
    for _, _, words in ASKING:
        assert not words or walk.studioctl(*words, "--local").code == 0, words

    assert claimed(f"{HERE}::test_before_there_is_anything") == walk.walked
