"""Run by the Python that studioctl is installed in: its command tree, and what commands say and end with.

Asked with JSON on stdin, `{"load": [module, ...], "run": [[word, ...], ...]}`, it answers
`{"tree": [...], "done": [[code, out, err], ...]}`. Each command runs in a fork of this process, which has loaded these
modules once.
"""

import importlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

from studioctl.cli import main


def tree(command: Any, path: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """Every command and group, with the names of its arguments, and its flags."""
    children = getattr(command, "commands", None)
    arguments = [each.name for each in command.params if each.param_type_name == "argument"]
    flags = [option for each in command.params for option in each.opts if option.startswith("--")]
    yield {"path": path, "is_group": children is not None, "arguments": arguments, "flags": flags}
    for name, child in (children or {}).items():
        yield from tree(child, (*path, name))


def answer(words: Sequence[str]) -> tuple[int, str, str]:
    """Exit code and both streams of one command."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(os.devnull) as nothing:  # noqa: PTH123
        child = os.fork()
        if not child:
            for stream, number in ((nothing, 0), (out, 1), (err, 2)):
                os.dup2(stream.fileno(), number)
            code = main.run(list(words))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        said = [(stream.seek(0), stream.read().decode("utf-8"))[1] for stream in (out, err)]
    return os.waitstatus_to_exitcode(status), said[0], said[1]


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    for name in asked["load"]:
        importlib.import_module(name)
    done = [answer(words) for words in asked["run"]]
    json.dump({"tree": list(tree(main.tree())), "done": done}, sys.stdout)
