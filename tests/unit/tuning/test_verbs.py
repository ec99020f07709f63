"""The verbs of `studioctl tune` in Python."""

import urllib.request

import pytest

from studioctl import Tuner
from studioctl.cli import tune
from studioctl.errors import RefusedError, StudioctlError
from tests.unit.tuning.conftest import Project

OTHER_NAMES = {"list": "studies"}  # `list` is Python's


def test_python_has_every_verb_of_the_command() -> None:
    verbs = [command.name or command.callback.__name__ for command in tune.app.registered_commands if command.callback]
    assert [verb for verb in verbs if not hasattr(Tuner, OTHER_NAMES.get(verb, verb))] == []
    assert len(verbs) == 12


def test_a_study_from_its_objective_to_its_dashboard(project: Project) -> None:
    (project.directory / "new").mkdir()
    written = project.tuner.init(project.directory / "new/digits.py")
    assert [file.name for file in written] == ["digits.py", "requirements.txt"]
    with pytest.raises(RefusedError, match=r"digits\.py is there already"):
        project.tuner.init(written[0])

    said = project.write("def objective(trial):\n    print('trial', trial.number)\n    return 0.0\n", "said.py")
    project.tuner.run(said, trials=2, workers=1)
    assert (project.tuner.logs(0), project.tuner.logs(1, "said")) == (("trial 0",), ("trial 1",))
    with pytest.raises(StudioctlError, match="no log of trial 2 of study 'said': it has not begun"):
        project.tuner.logs(2)

    with project.tuner.dashboard() as served:
        assert served.study == "said"
        assert served.url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{served.url}/api/studies", timeout=30) as answer:
            assert b'"said"' in answer.read()
        with pytest.raises(StudioctlError, match="cannot be used"):
            project.tuner.dashboard(port=int(served.url.rpartition(":")[2]))
    served.close()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(served.url, timeout=30)
