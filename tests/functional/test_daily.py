"""A day in a space: every command as people run it, on an environment that no Terraform had to make."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.functional.conftest import STUDIOCTL
from tests.functional.living import Living, living
from tests.generated import ROOT

ERROR = "AccessDeniedException"
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def nothing_is_wrong(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test finds every space stopped and AWS in good order, and leaves it so."""
    yield
    for name in {"home", "pair"} & set(request.fixturenames):
        request.getfixturevalue(name).stop_everything()


def plain(text: str) -> str:
    """A transcript without what differs from run to run: durations and ids. What runs for a minute or two has begun."""
    text = re.sub(r"d-[a-z0-9]{12}", "d-ID", text)
    text = re.sub(r"  [12]m  ", "  0m  ", text)
    return re.sub(r"  \d+s$", "  Ns", text, flags=re.MULTILINE)


def test_a_day(home: Living) -> None:
    started = home.run("start")
    again = home.run("start", "ada-editor")
    running = home.run("status")
    stopped = home.run("stop")
    once_more = home.run("stop")

    assert plain(started.err) == (
        "  ✓ started 'ada-editor'  Ns\n"
        "'ada-editor' is running on ml.t3.medium, 0.05 USD an hour.\n"
        "\n"
        "Next:\n"
        "  studioctl open ada-editor --local  open it in the browser\n"
        "  studioctl stop ada-editor --local  stop paying for it; files are kept\n"
    )
    assert again.err.startswith(
        "  note: 'ada-editor' runs already\n'ada-editor' is running on ml.t3.medium, 0.05 USD an hour.\n"
    )
    assert plain(running.out) == (
        "acme-ml  us-east-1 on the emulator\n"
        "domain  d-ID  InService\n"
        "url     https://d-ID.studio.us-east-1.sagemaker.aws\n"
        "users   ada (InService)\n"
        "cost    1 running: $0.05 per hour (us-east-1, prices of 2026-08-24, without storage)\n"
        "\n"
        "space       owner  state      instance type  image             since  idle stop  per hour  volume\n"
        "ada-editor  ada    InService  ml.t3.medium   distribution-cpu  0m     60m        $0.05     5 GB\n"
    )
    assert plain(stopped.err) == "  ✓ stopped CodeEditor in 'ada-editor'  Ns\n'ada-editor' stopped.\n"
    assert once_more.err == "Nothing was running.\n"
    assert (started.out, stopped.out) == ("", "")


def test_start_names_the_lifecycle_configuration_and_the_one_name_that_an_editor_may_have(home: Living) -> None:
    home.run("start", "--no-wait")

    app = home.app("ada-editor")
    assert (app["AppType"], app["AppName"]) == ("CodeEditor", "default")
    assert app["ResourceSpec"]["LifecycleConfigArn"] == home.script_arn
    assert app["ResourceSpec"]["InstanceType"] == "ml.t3.medium"


def test_another_instance_type_is_for_one_start_and_leaves_the_space_alone(home: Living) -> None:
    before = describe_space(home)
    home.run("start", "--no-wait")

    refused = home.run("start", "--instance-type", "ml.g4dn.xlarge", expect=4)
    home.run("restart", "--instance-type", "ml.g4dn.xlarge")

    assert refused.err == (
        "Error: 'ada-editor' runs on ml.t3.medium already; another instance type needs a restart.\n"
        "Next:  save your work, then: studioctl restart --local ada-editor --instance-type ml.g4dn.xlarge\n"
    )
    spec = home.app("ada-editor")["ResourceSpec"]
    assert spec["InstanceType"] == "ml.g4dn.xlarge"
    assert spec["SageMakerImageArn"].endswith(":image/sagemaker-distribution-gpu")
    assert describe_space(home) == before


def test_recovery_starts_beside_the_volume_and_the_next_start_is_an_ordinary_one(home: Living) -> None:
    home.run("start")

    refused = home.run("start", "--recovery", expect=4)
    repaired = home.run("restart", "--recovery")
    during = home.app("ada-editor")
    again = home.run("start", "--recovery")
    shown = [home.run("status").out, home.run("status", "--json").out]
    home.run("restart")
    shown += [home.run("status").out]

    assert refused.err == (
        "Error: 'ada-editor' runs already; recovery needs a restart.\n"
        "Next:  save your work, then: studioctl restart --local ada-editor --recovery\n"
    )
    assert (during["RecoveryMode"], during["ResourceSpec"].get("LifecycleConfigArn")) == (True, None)
    assert "its home is /tmp/sagemaker-recovery-mode-home" in repaired.err
    assert ["InService, recovery" in shown[0], json.loads(shown[1])["spaces"][0]["in_recovery"]] == [True, True]
    assert "recovery" not in shown[2]
    assert "studioctl restart ada-editor --local" in repaired.err
    assert "runs already" in again.err
    after = home.app("ada-editor")
    assert (after["RecoveryMode"], after["Status"]) == (False, "InService")
    assert after["ResourceSpec"]["LifecycleConfigArn"].startswith("arn:")


PLAN = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/march"


@pytest.fixture
def on_plan(home: Living) -> Iterator[None]:
    """The space starts on a training plan; all other tests of this home find it as it was."""

    def starts_on(instance_type: str, plan: str) -> None:
        spec = {"InstanceType": instance_type, "LifecycleConfigArn": home.script_arn, "TrainingPlanArn": plan}
        settings: Any = {"CodeEditorAppSettings": {"DefaultResourceSpec": spec}}
        home.studio.sagemaker.update_space(DomainId=home.domain_id, SpaceName="ada-editor", SpaceSettings=settings)
        home.studio.wait_space(home.domain_id, "ada-editor")

    starts_on("ml.g5.xlarge", PLAN)
    yield
    starts_on("ml.t3.medium", "None")


@pytest.mark.usefixtures("on_plan")
def test_a_training_plan_of_the_space_is_taken_and_left_for_another_instance_type(home: Living) -> None:

    told = home.run("start")
    on_plan = home.app("ada-editor")["ResourceSpec"]
    status = json.loads(home.run("status", "--json").out)
    left = json.loads(home.run("restart", "--instance-type", "ml.t3.large", "--json").out)

    assert "'ada-editor' is running on ml.g5.xlarge, on the capacity of its training plan" in told.err
    assert on_plan["TrainingPlanArn"] == PLAN
    assert status["usd_per_hour"] == 0
    assert "TrainingPlanArn" not in home.app("ada-editor")["ResourceSpec"]
    assert left == {
        "space": "ada-editor",
        "owner": "ada",
        "app_type": "CodeEditor",
        "app_status": "InService",
        "instance_type": "ml.t3.large",
        "image": left["image"],
        "since": left["since"],
        "in_recovery": False,
        "training_plan": None,
        "usd_per_hour": left["usd_per_hour"],
    }
    assert left["usd_per_hour"] > 0
    assert json.loads(home.run("start", "--json").out) == left | {"since": left["since"]}


def test_what_was_stopped_as_json(home: Living) -> None:
    home.run("start")
    assert json.loads(home.run("stop", "--json").out) == {"stopped": ["ada-editor"], "left_running": []}
    assert json.loads(home.run("stop", "--all", "--json").out) == {"stopped": [], "left_running": []}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ml.g4dn.xlarg", '"ml.g4dn.xlarg" is not an instance type of Studio; did you mean "ml.g4dn.xlarge"?'),
        ("g4dn.xlarge", '"g4dn.xlarge" is EC2\'s name; write "ml.g4dn.xlarge"'),
        ("", '"" is not an instance type of Studio; write one such as "ml.t3.medium"'),
    ],
)
def test_an_instance_type_is_checked_before_anything_stops(home: Living, typed: str, meant: str) -> None:
    home.run("start")

    for verb in (("restart",), ("start",), ("connect", "--editor", "none")):
        refused = home.run(*verb, "--instance-type", typed, expect=64)

        assert refused.err == (
            f"Error: --instance-type: {meant}{'' if meant.endswith('?') else '.'} Nothing was stopped or started.\n"
            "Next:  name another type, or leave --instance-type out: then it is the file's\n"
        )
    assert home.app("ada-editor")["Status"] == "InService"


def describe_space(home: Living) -> dict[str, Any]:
    found = home.studio.sagemaker.describe_space(DomainId=home.domain_id, SpaceName="ada-editor")
    return {key: value for key, value in found.items() if key != "ResponseMetadata"}


def test_status_as_json(home: Living) -> None:
    home.run("start")

    found = json.loads(home.run("status", "--json").out)

    assert found["domain"]["id"] == home.domain_id
    assert found["users"] == [{"name": "ada", "status": "InService"}]
    assert found["usd_per_hour"] == 0.05
    assert found["prices_as_of"] == "2026-08-24"
    (space,) = found["spaces"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", space.pop("since"))
    assert space == {
        "name": "ada-editor",
        "owner": "ada",
        "status": "InService",
        "volume_gb": 5,
        "app_status": "InService",
        "instance_type": "ml.t3.medium",
        "image": "sagemaker-distribution-cpu",
        "idle_timeout_minutes": 60,
        "usd_per_hour": 0.05,
        "app_type": "CodeEditor",
        "has_volume": True,
        "in_recovery": False,
    }
    assert found["apps"] == []


def test_apps_of_other_kinds_are_counted_priced_and_named(home: Living) -> None:
    key = ("--domain-id", home.domain_id, "--user-profile-name", "ada", "--app-type", "Canvas", "--app-name", "default")
    home.other_app("Canvas")
    home.other_app("KernelGateway", "k", InstanceType="ml.g4dn.xlarge")
    home.other_app("JupyterServer")
    home.studio.space(home.domain_id, "ada-lab", "ada", AppType="JupyterLab")
    home.other_app("JupyterLab", space="ada-lab", InstanceType="ml.g5.2xlarge")

    running = home.run("status")
    found = json.loads(home.run("status", "--json").out)
    stopped = home.run("stop", "--all")
    home.stop_everything()
    home.studio.sagemaker.delete_space(DomainId=home.domain_id, SpaceName="ada-lab")

    assert plain(running.out).split("cost")[1].replace("none yet", "5 GB") == (  # until another test starts the editor
        "    4 running: $4.1564 per hour (us-east-1, prices of 2026-08-24, without storage)\n"
        "\n"
        "space       owner  app         state      instance type  image             since  idle stop"
        "  per hour  volume\n"
        "ada-editor  ada    CodeEditor  Stopped                                                                 5 GB\n"
        "ada-lab     ada    JupyterLab  InService  ml.g5.2xlarge  distribution-gpu  0m     never      $1.52     5 GB\n"
        "\n"
        "app            of   state      instance type   since  per hour\n"
        "Canvas         ada  InService  ml.t3.medium    0m     $1.90\n"
        "JupyterServer  ada  InService  system          0m     $0.00\n"
        "KernelGateway  ada  InService  ml.g4dn.xlarge  0m     $0.7364\n"
    )
    assert found["usd_per_hour"] == 4.1564
    assert [(app["type"], app["user"], app["usd_per_hour"]) for app in found["apps"]] == [
        ("Canvas", "ada", 1.9),
        ("JupyterServer", "ada", 0.0),
        ("KernelGateway", "ada", 0.7364),
    ]
    assert plain(stopped.err).startswith(
        "  ✓ stopped JupyterLab in 'ada-lab'  Ns\n"
        "'ada-lab' stopped.\n"
        "\n"
        "Still running and paid for, because studioctl starts and stops Code Editor and JupyterLab only:\n"
        "  Canvas of 'ada' on ml.t3.medium\n"
    )
    assert f"  aws sagemaker delete-app {' '.join(key)} --region us-east-1 --endpoint-url " in stopped.err


def test_a_price_that_is_not_known_is_said_to_be_unknown(home: Living) -> None:
    home.run("start", "--instance-type", "ml.p3.2xlarge")

    assert "cost    1 running, the price is unknown (us-east-1" in home.run("status").out
    assert json.loads(home.run("status", "--json").out)["usd_per_hour"] is None


def test_open_prints_an_address_that_works_once_and_shows_the_space(home: Living) -> None:
    home.run("start")

    url = home.run("open", "--print").out.strip()
    with urllib.request.urlopen(url) as answer:
        page = answer.read().decode()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url)

    assert "<h1>ada-editor</h1>" in page
    assert "Code Editor is <b>InService</b>" in page
    assert "nothing here is on AWS" in page
    assert "<dt>Signed in as</dt><dd>ada</dd>" in page
    assert "<dt>Opens</dt><dd>app:CodeEditor:</dd>" in page
    assert url.split("token=")[1] not in home.emulator.log_path.read_text()


def test_open_starts_what_is_stopped_only_when_told_to(home: Living) -> None:
    refused = home.run("open", "--print", expect=4)
    before = json.loads(home.run("status", "--json").out)["spaces"][0]["app_status"]
    opened = home.run("open", "--print", "--yes")

    assert refused.err == (
        "Error: There is no terminal to ask on. Nothing was changed.\nNext:  add --yes to go on unasked\n"
    )
    assert before == "Stopped"
    assert opened.out.startswith(f"{home.emulator.endpoint_url}/studio/{home.domain_id}/auth?token=")
    assert home.app("ada-editor")["Status"] == "InService"


def test_on_a_terminal_open_asks(home: Living) -> None:
    code, shown = home.shell.typed("open", "--print", "--local", answers={"Start it?": "y"})

    assert code == 0, shown
    assert "auth?token=" in shown


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [("n", 4, "n\r\nNothing was changed.\r\n"), ("\x04", 130, "\nError: Stopped. Nothing was changed.\r\nNext:")],
    ids=["no", "the end of the input"],
)
def test_a_no_is_no_error_and_an_end_leaves_the_question(home: Living, key: str, code: int, said: str) -> None:
    ended, shown = home.shell.typed("open", "--print", "--local", answers={"Start it?": key})

    assert ended == code
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert said in plain.replace("\r\n ", "\r\n"), shown  # the blank that ends the question may come after the answer


def test_stopping_without_waiting_is_not_called_stopped(home: Living) -> None:
    home.run("start")
    done = home.run("stop", "--no-wait")

    assert plain(done.err) == "  ✓ stopping CodeEditor in 'ada-editor'  Ns\n'ada-editor' is stopping.\n"


def open_with(home: Living, browser: str) -> subprocess.CompletedProcess[str]:
    hidden = {"TERM", "DISPLAY", "WAYLAND_DISPLAY"}
    return subprocess.run(
        [STUDIOCTL, "open", "--local"],
        cwd=home.shell.directory,
        env={name: value for name, value in home.shell.environment.items() if name not in hidden}
        | {"BROWSER": browser},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("ending", ["", " &"])
def test_the_browser_gets_an_address_that_is_no_credential(home: Living, tmp_path: Path, ending: str) -> None:
    home.run("start")
    browser = tmp_path / "browser"
    browser.write_text(
        f"#!{sys.executable}\nimport socket, sys, time, urllib.parse, urllib.request\n"
        f"address = urllib.parse.urlsplit(sys.argv[1])\n"
        f"silent = socket.create_connection((address.hostname, address.port))  # as browsers do, to be quick\n"
        f"page = urllib.request.urlopen(sys.argv[1])\n"
        f"seen = chr(10).join([sys.argv[1], page.geturl(), page.read().decode()])\n"
        f"open({str(tmp_path / 'seen')!r}, 'w').write(seen)\n"
        f"time.sleep(20)\n"
    )
    browser.chmod(0o755)

    done = open_with(home, f"{browser} %s{ending}")

    assert done.stderr == "'ada-editor' is open in your browser.\n"
    assert done.returncode == 0
    given, landed, page = eventually_read(tmp_path / "seen").split("\n", 2)
    token = landed.split("token=")[1]
    assert "<h1>ada-editor</h1>" in page
    assert token not in given
    assert given.startswith("http://127.0.0.1:")
    assert token not in done.stdout + done.stderr


def test_without_a_browser_open_says_how_to_get_the_address(home: Living) -> None:
    home.run("start")

    done = open_with(home, "/missing/browser %s")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "Error: No browser could be started: BROWSER names '/missing/browser %s', which did not work.\n"
        "Next:  studioctl open --local ada-editor --print   (then open the address in a browser, within five minutes)\n"
    )


def eventually_read(file: Path) -> str:
    end = time.monotonic() + 60
    while not (file.exists() and file.read_text().endswith("</html>\n")):
        assert time.monotonic() < end
        time.sleep(0.05)
    return file.read_text()


def write_log(home: Living, source: str, *lines: tuple[int, str]) -> None:
    logs = home.client("logs")
    stem = f"{home.domain_id}/ada-editor/CodeEditor/default"
    stream = f"{stem}/LifecycleConfigOnStart" if source == "lifecycle" else stem
    with contextlib.suppress(ClientError):
        logs.create_log_group(logGroupName="/aws/sagemaker/studio")
    with contextlib.suppress(ClientError):
        logs.create_log_stream(logGroupName="/aws/sagemaker/studio", logStreamName=stream)
    logs.put_log_events(
        logGroupName="/aws/sagemaker/studio",
        logStreamName=stream,
        logEvents=[{"timestamp": at, "message": text} for at, text in lines],
    )


def test_logs_of_both_streams_by_time(home: Living) -> None:
    nothing = home.run("logs")
    now = int(time.time()) * 1000 - 60_000
    write_log(home, "app", (now + 1000, "listening"))
    write_log(home, "lifecycle", (now, "+ uv \x1b[31mtool\x1b[0m install"), (now + 2000, "done"))

    told = home.run("logs")
    as_json = [json.loads(line) for line in home.run("logs", "--json").out.splitlines()]
    last = home.run("logs", "--lines", "1")
    followed = follow(
        home, ["logs", "--follow", "--local"], "more", lambda: write_log(home, "app", (now + 3000, "more"))
    )

    assert (nothing.out, nothing.err) == ("", "'ada-editor' has not written anything yet.\n")
    assert [line.split("  ")[1:] for line in told.out.splitlines()] == [
        ["lifecycle", "+ uv tool install"],
        ["app", "", "", "", "listening"],
        ["lifecycle", "done"],
    ]
    assert [(line["source"], line["text"]) for line in as_json] == [
        ("lifecycle", "+ uv tool install"),
        ("app", "listening"),
        ("lifecycle", "done"),
    ]
    assert [line.rsplit("  ", 1)[1] for line in last.out.splitlines()] == ["listening", "done"]
    assert followed == [*told.out.splitlines(), followed[-1]]
    assert followed[-1].endswith("app        more")


def follow(home: Living, arguments: list[str], awaited: str, then: Any) -> list[str]:
    """Runs a command that does not end, does something once it has spoken, and ends it by Ctrl-C at a word."""
    process = subprocess.Popen(
        [STUDIOCTL, *arguments],
        cwd=home.shell.directory,
        env=home.shell.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    lines = [process.stdout.readline().rstrip("\n")]
    then()
    while awaited not in lines[-1]:
        line = process.stdout.readline()
        assert line, lines
        lines.append(line.rstrip("\n"))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "")
    return lines


def test_watch_repeats_itself_in_a_pipe_and_ends_with_130(home: Living) -> None:
    seen = follow(home, ["status", "--watch", "--local"], "ml.t3.medium", lambda: home.run("start", "--no-wait"))

    assert re.fullmatch(r"\d\d:\d\d:\d\d", seen[0])
    assert any(line.startswith("ada-editor  ada    Stopped") for line in seen)


def test_watch_as_json_is_an_object_a_line(home: Living) -> None:
    (first, *_) = follow(home, ["status", "--watch", "--json", "--local"], "ada-editor", lambda: None)

    assert json.loads(first)["spaces"][0]["app_status"] == "Stopped"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """Two users with a space each, where only one editor may run on a type of instance."""
    with living(tmp_path_factory.mktemp("pair"), users={"ada": ("one",), "bo": ("two",)}, maximum_apps=1) as made:
        yield made


def test_of_several_spaces_the_terminal_asks_and_a_pipe_must_say(pair: Living) -> None:
    refused = pair.run("start", expect=64)
    code, shown = pair.shell.typed("start", "--local", answers={"Which space?": "2"})
    stopped = pair.run("stop", "--all")

    assert refused.err == "Error: Which space? There are 2 in 'acme-ml'.\nNext:  name one of: one, two\n"
    assert code == 0, shown
    assert "'two' is running on ml.t3.medium, 0.05 USD an hour." in shown
    assert stopped.err.endswith("'two' stopped.\n")


EVERYTHING = ("ListDomains", "DescribeDomain", "DescribeSpace", "ListSpaces", "CreateApp", "DescribeApp", "ListApps")
COMMANDS = {
    "start": "'ada-editor' is running on ml.t3.medium, 0.05 USD an hour.",
    "status": "ada-editor  ada    InService",
    "open": "/auth?token=",
    "logs": "",
    "restart": "'ada-editor' is running on ml.t3.medium, 0.05 USD an hour.",
    "stop": "'ada-editor' stopped.",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_slowness_and_throttling_only_take_time(home: Living, command: str) -> None:
    """Each call is refused once, and each answer is late."""
    if command != "start":
        home.run("start")
    actions = (*EVERYTHING, "DeleteApp", "CreatePresignedDomainUrl", "GetLogEvents")
    said = {"code": "ThrottlingException", "message": "Rate exceeded", "times": 1}
    home.faults(*({"action": action, **said} for action in actions), latency_seconds=0.02)

    done = home.run(command, *(["--print"] if command == "open" else []))

    assert COMMANDS[command] in done.out + done.err


DENIALS = {
    "status": ("ListDomains", "sagemaker:ListDomains"),
    "start": ("CreateApp", "sagemaker:CreateApp"),
    "restart": ("CreateApp", "sagemaker:CreateApp"),
    "stop": ("ListApps", "sagemaker:ListApps"),
    "open": ("CreatePresignedDomainUrl", "sagemaker:CreatePresignedDomainUrl"),
    "logs": ("GetLogEvents", "logs:GetLogEvents"),
}


@pytest.mark.parametrize("command", DENIALS)
def test_a_denial_says_who_may_not_do_what_and_what_would_allow_it(home: Living, command: str) -> None:
    action, permission = DENIALS[command]
    if command == "open":
        home.run("start")
    arn, ada = "arn:aws:sagemaker:us-east-1:123456789012:thing", "arn:aws:iam::123456789012:user/ada"
    message = (
        f"User: {ada} is not authorized to perform: {permission} on resource: {arn}"
        f" because no identity-based policy allows the {permission} action"
    )
    home.faults({"action": action, "code": ERROR, "message": message, "times": None})

    denied = home.run(command, *(["--print"] if command == "open" else []), expect=1)

    error, statement = denied.err.split("Next:  ")
    assert error.splitlines()[-1] == (
        f"Error: AWS refused {action}: {ada} may not {permission} on {arn}: no identity-based policy allows it."
    )
    assert statement.startswith("have this statement added to a policy of the user 'ada', or use another profile:\n")
    assert json.loads(statement.split("\n", 1)[1]) == {"Effect": "Allow", "Action": permission, "Resource": arn}


def test_a_used_up_quota_is_named_with_its_code_and_how_to_ask_for_more(pair: Living) -> None:
    pair.run("start", "one")
    refused = pair.run("start", "two", expect=1)

    assert refused.err == (
        "Error: 'two' cannot start: the account's quota 'Studio CodeEditor Apps running on ml.t3.medium instances'"
        " (L-FCEDEAC6) is 1 in us-east-1, and 1 are in use.\n"
        'Next:  ask AWS for more: eval "$(studioctl emulator env)" && '
        "aws service-quotas request-service-quota-increase --service-code sagemaker"
        " --quota-code L-FCEDEAC6 --desired-value 2 --region us-east-1"
        f" --endpoint-url {pair.emulator.endpoint_url}\n"
    )


STOPPED = (130, "Error: Stopped.\nNext:  run the same command again to go on\n")


def test_an_interrupted_start_goes_on_when_it_is_repeated(home: Living) -> None:
    # The first look finds nothing; the second, at what was begun, is answered long after Ctrl-C.
    stopped = interrupted(home, "start", action="DescribeApp", after=1)
    again = home.run("start")

    assert stopped == STOPPED
    assert "'ada-editor' is running on ml.t3.medium, 0.05 USD an hour." in again.err


def test_ctrl_c_is_answered_also_while_nothing_is_shown_as_it_happens(home: Living) -> None:
    assert interrupted(home, "status", action="ListSpaces") == STOPPED


def interrupted(home: Living, command: str, *, action: str, after: int = 0) -> tuple[int, str]:
    """Presses Ctrl-C while AWS is slow to answer; the exit code, and what was said."""
    home.faults({"kind": "slow", "action": action, "after": after, "times": None, "seconds": 10})
    process = subprocess.Popen(
        [STUDIOCTL, command, "--local"],
        cwd=home.shell.directory,
        env=home.shell.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while not home.hits():
        assert time.monotonic() < end
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    home.faults()
    return process.returncode, said


PAGE = ROOT / "docs/how-to/live-in-it.md"


def test_the_page_about_every_day_can_be_followed(home: Living) -> None:
    """Each command on it, in its order; those that go on for ever are tested above."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    commands = [line.split() for block in blocks for line in block.splitlines()]
    assert len(commands) == 9
    for program, *arguments in commands:
        assert program == "studioctl"
        if {"--watch", "--follow"} & set(arguments):
            continue
        home.run(*arguments, *(["--print"] if arguments[0] == "open" else []))


def test_many_spaces_come_in_pages(pair: Living) -> None:
    """The last one: it leaves them behind."""
    for number in range(230):
        pair.studio.sagemaker.create_space(
            DomainId=pair.domain_id,
            SpaceName=f"space-{number:03}",
            OwnershipSettings={"OwnerUserProfileName": "ada"},
            SpaceSharingSettings={"SharingType": "Private"},
            SpaceSettings={"AppType": "CodeEditor"},
        )
    before = pair.emulator.log_path.read_text().count("SageMaker.ListSpaces")

    found = json.loads(pair.run("status", "--json").out)

    assert [space["name"] for space in found["spaces"]] == ["one", *(f"space-{n:03}" for n in range(230)), "two"]
    assert pair.emulator.log_path.read_text().count("SageMaker.ListSpaces") - before == 3
