"""The four tiers of tests, by what they start, and the order in which they run.

`fast` starts no process, and is stopped when it tries. `emulator` starts an emulator or other programs, `terraform`
runs Terraform once or twice, `life` takes an environment through several of its runs. The last two are marked where
they are written; the first two are told apart here.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

TIERS = ("life", "terraform", "emulator", "fast")  # longest first: short ones fill the end on every core
# Fixtures that hold an environment which Terraform made.
APPLIED = {"applied", "lived"}
# Fixtures that start an emulator or another process.
SERVED = {"audited", "clinic", "emulator", "inside", "moto", "studio", "walk", "world"}
# Tests that start processes, though no fixture says so: directories, files, functions.
STARTING = (
    "tests/contract/",
    "tests/functional/",
    "tests/architecture/test_generated.py",
    "tests/architecture/test_pages_for_developers.py::test_a_worked_example_still_applies",
    "tests/unit/audit/test_account.py",
    "tests/unit/audit/test_checkov.py",
    "tests/unit/aws/test_credentials.py::test_a_program_that_does_not_end_is_ended",
    "tests/unit/aws/test_credentials.py::test_each_cause_has_its_own_remedy",
    "tests/unit/aws/test_remote.py",
    "tests/unit/cli/test_ci.py",
    "tests/unit/cli/test_ci_github.py",
    "tests/unit/cli/test_ci_gitlab.py",
    "tests/unit/cli/test_rehearsal.py",
    "tests/unit/cli/test_report.py",
    "tests/unit/config/test_aws_tables.py::test_the_provider_refuses_just_these_instance_types",
    "tests/unit/config/test_scripts.py::test_the_file_itself_may_be_a_link_or_a_shells_pipe_and_nothing_is_waited_for",
    "tests/unit/containers/test_engine.py",
    "tests/unit/emulator/iam/test_permissions.py",
    "tests/unit/emulator/test_alone.py",
    "tests/unit/emulator/test_clock.py",
    "tests/unit/emulator/test_costs.py",
    "tests/unit/emulator/test_faults.py",
    "tests/unit/emulator/test_inventory.py",
    "tests/unit/emulator/test_mounts.py",
    "tests/unit/emulator/test_keys_of_clients.py",
    "tests/unit/emulator/test_quotas.py",
    "tests/unit/emulator/test_server.py",
    "tests/unit/emulator/test_settings.py",
    "tests/unit/emulator/test_startup.py",
    "tests/unit/emulator/database/",
    "tests/unit/emulator/training/",
    "tests/unit/lifecycle/test_failures.py",
    "tests/unit/lifecycle/test_gpu_watch.py",
    "tests/unit/lifecycle/test_merge.py::test_any_value_reaches_git_as_it_is",
    "tests/unit/lifecycle/test_script.py",
    "tests/unit/lifecycle/test_starts.py",
    "tests/unit/operations/doctor/test_engine.py",
    "tests/unit/operations/provisioning/test_at_work.py",
    "tests/unit/operations/test_editor.py",
    "tests/unit/operations/test_state.py",
    "tests/unit/presentation/test_pages.py",
    "tests/unit/remote/test_archive.py",
    "tests/unit/remote/test_browser.py",
    "tests/unit/remote/test_host.py",
    "tests/unit/remote/test_machine.py",
    "tests/unit/remote/test_ssh_config.py",
    "tests/unit/report/test_report.py::test_graphviz_lays_it_out",
    "tests/unit/report/test_report.py::test_on_a_telephone_it_stands_and_can_be_read",
    "tests/unit/sandbox/",
    "tests/unit/terraform/front/test_sharing.py",
    "tests/unit/terraform/test_executable.py",
    "tests/unit/terraform/test_garbage.py::test_versions_of_engines",
    "tests/unit/terraform/test_process.py",
    "tests/unit/terraform/test_runner.py",
    "tests/unit/terraform/test_warm.py",
    "tests/unit/tuning/test_controller.py",
    "tests/unit/tuning/test_places.py",
    "tests/unit/tuning/test_stops.py",
    "tests/unit/tuning/test_verbs.py",
    "tests/unit/test_disk.py",
    "tests/unit/test_extras.py",
)
STARTS_A_PROCESS = {"subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"}

_refused: list[str] | None = None
"""What a test that must start no process has tried to start; None while such a thing is allowed."""


def tier_of(item: pytest.Item) -> str:
    """The item's tier."""
    for marked in ("life", "terraform"):
        if item.get_closest_marker(marked):
            return marked
    if uses(item, APPLIED):
        return "terraform"
    return "emulator" if uses(item, SERVED) or item.nodeid.startswith(STARTING) else "fast"


def uses(item: pytest.Item, fixtures: set[str]) -> set[str]:
    """Those of the fixtures that the test uses."""
    return fixtures.intersection(getattr(item, "fixturenames", ()))


@contextmanager
def no_process() -> Iterator[None]:
    """Within it nothing starts a process; what tries to fails, also when the code that is tested hides that."""
    global _refused  # noqa: PLW0603 (an audit hook has nowhere else to look, and cannot be taken away)
    _refused = []
    try:
        yield
        tried = _refused
    finally:
        _refused = None
    assert not tried, f"a test of the tier `fast` starts a process: {tried}"


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if _refused is not None and event in STARTS_A_PROCESS:
        _refused.append(f"{event} {arguments}"[:200])
        raise AssertionError(f"a test of the tier `fast` starts a process: {event} {arguments}")


sys.addaudithook(_refuse)
