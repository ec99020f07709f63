"""`train` of AWS's framework images: SageMaker's training toolkit, as far as scripts can tell.

It fetches the script's archive, installs its requirements, sets `SM_*`, runs it and says how it went. It has no handler
for SIGTERM, so a script under it hears nothing of a stop. Source: https://github.com/aws/sagemaker-training-toolkit.
"""

import json
import os
import subprocess
import sys
import tarfile
import threading
import traceback
from collections import deque
from pathlib import Path
from typing import IO, Any

BASE = Path("/opt/ml")
CODE, OUTPUT = BASE / "code", BASE / "output"
STDERR_LINES = 100
FRAMEWORK_PARAMETERS = frozenset(
    {
        *("sagemaker_program", "sagemaker_submit_directory", "sagemaker_region", "sagemaker_job_name"),
        *("sagemaker_container_log_level", "sagemaker_s3_output", "sagemaker_enable_cloudwatch_metrics"),
    }
)


class UserError(Exception):
    """A fault of the user's part: its text goes into the failure file."""

    def __init__(self, kind: str, code: int, said: str, command: list[str]) -> None:
        super().__init__(f'{kind}:\nExitCode {code}\nErrorMessage "{said}"\nCommand "{" ".join(command)}"')
        self.code = code


def main() -> int:
    """All of `train`; its exit code."""
    try:
        settings = read_settings()
        fetch_code(settings)
        os.environ.update(variables(settings))
        install_requirements()
        run(settings)
    except UserError as error:
        print(error, file=sys.stderr, flush=True)
        (OUTPUT / "failure").write_text(str(error))
        return error.code
    except Exception as error:  # noqa: BLE001 - the toolkit reports whatever goes wrong in it
        said = f"framework error: \n{traceback.format_exc()}\n{error}"
        print(said, file=sys.stderr, flush=True)
        (OUTPUT / "failure").write_text(said)
        return int(getattr(error, "errno", None) or 1)
    (OUTPUT / "success").touch()
    return 0


def read_settings() -> dict[str, Any]:
    """Hyperparameters and what else is configured; values are read as JSON where they are."""
    config = BASE / "input/config"
    given = {name: decoded(value) for name, value in json.loads((config / "hyperparameters.json").read_text()).items()}
    return {
        "framework": {name: value for name, value in given.items() if name in FRAMEWORK_PARAMETERS},
        "user": {name: value for name, value in given.items() if name not in FRAMEWORK_PARAMETERS},
        "inputs": json.loads((config / "inputdataconfig.json").read_text()),
        "resources": json.loads((config / "resourceconfig.json").read_text()),
    }


def decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def fetch_code(settings: dict[str, Any]) -> None:
    """The archive that `sagemaker_submit_directory` names, in S3 or in the container."""
    place = str(settings["framework"].get("sagemaker_submit_directory", CODE))
    if not place.startswith("s3://"):
        return
    from botocore.session import get_session  # noqa: PLC0415 - only this needs it

    bucket, _, key = place.removeprefix("s3://").partition("/")
    archive = Path("/tmp/source.tar.gz")  # noqa: S108 - the container's own
    client: Any = get_session().create_client("s3")
    archive.write_bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    CODE.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as opened:
        opened.extractall(CODE, filter="data")
    archive.unlink()


def install_requirements() -> None:
    if (CODE / "requirements.txt").is_file():
        command = [sys.executable, "-m", "pip", "install", "-r", "requirements.txt"]
        execute("InstallRequirementsError", command)


def arguments(settings: dict[str, Any]) -> list[str]:
    """`--name value` for each hyperparameter; one letter has one dash."""
    found = []
    for name, value in sorted(settings["user"].items()):
        dash = "-" if len(name) == 1 else "--"
        found += [f"{dash}{name}", value if isinstance(value, str) else json.dumps(value)]
    return found


def variables(settings: dict[str, Any]) -> dict[str, str]:
    """`SM_*`: Developer Guide and README, "SageMaker environment variables"."""
    resources, user, inputs = settings["resources"], settings["user"], settings["inputs"]
    program = str(settings["framework"].get("sagemaker_program", ""))
    told: dict[str, Any] = {
        "HOSTS": resources["hosts"],
        "CURRENT_HOST": resources["current_host"],
        "CURRENT_INSTANCE_TYPE": resources["current_instance_type"],
        "CURRENT_INSTANCE_GROUP": resources["current_group_name"],
        "CURRENT_INSTANCE_GROUP_HOSTS": resources["hosts"],
        "INSTANCE_GROUPS": [group["instance_group_name"] for group in resources["instance_groups"]],
        "INSTANCE_GROUPS_DICT": {group["instance_group_name"]: group for group in resources["instance_groups"]},
        "IS_HETERO": len(resources["instance_groups"]) > 1,
        "NETWORK_INTERFACE_NAME": resources["network_interface_name"],
        "HPS": user,
        "USER_ENTRY_POINT": program,
        "MODULE_NAME": program.removesuffix(".py"),
        "MODULE_DIR": settings["framework"].get("sagemaker_submit_directory", str(CODE)),
        "FRAMEWORK_PARAMS": settings["framework"],
        "RESOURCE_CONFIG": resources,
        "INPUT_DATA_CONFIG": inputs,
        "INPUT_DIR": str(BASE / "input"),
        "INPUT_CONFIG_DIR": str(BASE / "input/config"),
        "CHANNELS": sorted(inputs),
        "MODEL_DIR": str(BASE / "model"),
        "OUTPUT_DIR": str(OUTPUT),
        "OUTPUT_DATA_DIR": str(OUTPUT / "data"),
        "OUTPUT_INTERMEDIATE_DIR": str(OUTPUT / "intermediate"),
        "NUM_CPUS": os.cpu_count() or 1,
        "NUM_GPUS": 0,
        "NUM_NEURONS": 0,
        "LOG_LEVEL": settings["framework"].get("sagemaker_container_log_level", 20),
        "USER_ARGS": arguments(settings),
    }
    told |= {f"CHANNEL_{name.upper()}": str(BASE / "input/data" / name) for name in inputs}
    told |= {f"HP_{name.upper()}": value for name, value in user.items()}
    told["TRAINING_ENV"] = training_environment(settings, told)
    return {f"SM_{name}": value if isinstance(value, str) else json.dumps(value) for name, value in told.items()}


def training_environment(settings: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """`SM_TRAINING_ENV`: the same, by the names of the toolkit's own members, and the job's name."""
    named = {
        name.lower(): told[name]
        for name in told
        if not name.startswith(("HP_", "CHANNEL_", "INSTANCE_GROUPS", "CURRENT_INSTANCE"))
        and name not in {"HPS", "CHANNELS", "USER_ARGS", "FRAMEWORK_PARAMS"}
    }
    return named | {
        "hyperparameters": settings["user"],
        "channel_input_dirs": {name: str(BASE / "input/data" / name) for name in settings["inputs"]},
        "additional_framework_parameters": settings["framework"],
        "job_name": settings["framework"].get("sagemaker_job_name") or os.environ.get("TRAINING_JOB_NAME", ""),
        "is_master": told["CURRENT_HOST"] == told["HOSTS"][0],
        "master_hostname": told["HOSTS"][0],
    }


def run(settings: dict[str, Any]) -> None:
    """The user's program: a Python file, a shell script, or a module."""
    program = str(settings["framework"].get("sagemaker_program", ""))
    if not program:
        raise ValueError("no hyperparameter 'sagemaker_program' names what is to run")
    if (CODE / "setup.py").is_file():
        execute("InstallModuleError", [sys.executable, "-m", "pip", "install", ".", "-U"])
        command = [sys.executable, "-m", program.removesuffix(".py"), *arguments(settings)]
    elif program.endswith(".py"):
        command = [sys.executable, program, *arguments(settings)]
    else:
        command = ["/bin/sh", "-c", " ".join([f"./{program}", *arguments(settings)])]
    print("Invoking script with the following command:\n\n" + " ".join(command) + "\n", flush=True)
    execute("ExecuteUserScriptError", command)


def execute(kind: str, command: list[str]) -> None:
    """Run something in the directory of the code. Raises UserError with the end of what it wrote to stderr."""
    said: deque[str] = deque(maxlen=STDERR_LINES)
    process = subprocess.Popen(command, cwd=CODE, stderr=subprocess.PIPE, text=True, errors="replace")
    assert process.stderr is not None  # noqa: S101 - it was asked for
    reader = threading.Thread(target=pass_on, args=(process.stderr, said), daemon=True)
    reader.start()
    code = process.wait()
    reader.join(timeout=5)  # what it left in the background may hold its stderr
    if code:
        raise UserError(kind, code if code > 0 else 128 - code, "".join(said).strip(), command)


def pass_on(stream: IO[str], said: "deque[str]") -> None:
    for line in stream:
        sys.stderr.write(line)
        sys.stderr.flush()
        said.append(line)


if __name__ == "__main__":
    sys.exit(main())
