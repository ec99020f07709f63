"""The page as it is served: the process, its address, who is let in, and how it ends."""

import os
import re
import socket
from pathlib import Path

from tests.functional.conftest import Shell, wait_for
from tests.functional.living import Living
from tests.functional.served import Browser, page
from tests.unit.emulator.emulated import eventually

START = "e/acme-ml/spaces/ada-editor/start"


def test_a_second_browser_is_refused_and_a_new_start_lets_it_in(home: Living) -> None:
    with page(home.shell) as (first, way_in, process):
        assert first.ask("GET", way_in)[0] == 200
        assert first.ask("GET", "e/acme-ml/")[0] == 200
        second = Browser(first.address, first.root)
        status, text = second.ask("GET", way_in)
        assert (status, second.cookie) == (403, "")
        assert "This address worked once, or is none. Run studioctl ui again for another." in text
        assert "Run studioctl ui again: it opens the page with a new address." in second.ask("GET", "e/acme-ml/")[1]
        wait_for(process, "Somebody used the page's one-time address again, and was refused.")
    assert process.returncode == 0

    with page(home.shell) as (third, way_in, _):
        third.cookie = first.cookie  # of an earlier start
        assert third.ask("GET", "e/acme-ml/")[0] == 403
        assert third.ask("GET", way_in)[0] == 200
        assert third.ask("GET", "e/acme-ml/")[0] == 200


def test_the_token_is_no_argument_and_no_variable(home: Living) -> None:
    with page(home.shell) as (browser, way_in, process):
        token = way_in.rpartition("/")[2]
        assert browser.ask("GET", way_in)[0] == 200
        for name in ("cmdline", "environ"):
            assert token.encode() not in Path(f"/proc/{process.pid}/{name}").read_bytes()
        secrets = (token, browser.cookie.partition("=")[2])
        kept = [file for file in home.shell.directory.rglob("*") if file.is_file()]
        assert [file for file in kept if any(secret.encode() in file.read_bytes() for secret in secrets)] == []


def test_a_space_is_started_and_stopped_by_the_page_alone(home: Living) -> None:
    with page(home.shell) as (browser, way_in, _):
        browser.ask("GET", way_in)
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            assert browser.ask("POST", START, headers)[0] == 403
        assert browser.ask("POST", START, {"Host": "localhost"})[0] == 421
        assert browser.ask("GET", START)[0] == 405
        assert _running(home) == []

        assert browser.ask("POST", START)[0] == 303
        eventually(lambda: browser.ask("GET", "jobs/1")[1], lambda text: "is running on ml.t3.medium" in text, 60)
        assert home.app("ada-editor")["Status"] == "InService"
        assert browser.ask("POST", START.replace("start", "stop"))[0] == 303
        eventually(lambda: browser.ask("GET", "jobs/2")[1], lambda text: "stopped." in text, 60)
        assert _running(home) == []


def _running(home: Living) -> list[str]:
    apps = home.studio.sagemaker.list_apps(DomainIdEquals=home.domain_id)["Apps"]
    return [app["SpaceName"] for app in apps if app["Status"] == "InService"]


def test_all_environments_without_a_file(home: Living, tmp_path: Path) -> None:
    shell = Shell(tmp_path, {**home.shell.variables, "AWS_REGION": "us-east-1"})
    with page(shell) as (browser, way_in, _):
        browser.ask("GET", way_in)
        status, text = browser.ask("GET", "environments/aws")
        assert status == 200
        assert re.search(r'<a href="/[-_0-9A-Za-z]{22}/e/acme-ml/">acme-ml</a>', text)
        eventually(lambda: browser.ask("GET", "e/acme-ml/")[1], lambda text: "ada-editor" in text, 60)


def test_an_emulator_that_ended_is_told_and_found_again(shell: Shell) -> None:
    shell.write('name = "acme-ml"\nregion = "us-east-1"\n[[users]]\nname = "ada"\n')
    with page(shell) as (browser, way_in, _):
        browser.ask("GET", way_in)
        begins = "e/acme-ml/"
        eventually(lambda: browser.ask("GET", begins)[1], lambda text: "There is no &#39;acme-ml&#39;" in text, 60)
        shell.studioctl("emulator", "stop")
        eventually(lambda: browser.ask("GET", begins)[1], lambda text: "The emulator has ended, and" in text, 60)
        status, text = browser.ask("GET", begins + "emulator")
        assert (status, "studioctl emulator start" in text) == (409, True)
        shell.studioctl("emulator", "start")
        eventually(lambda: browser.ask("GET", begins)[1], lambda text: "There is no &#39;acme-ml&#39;" in text, 60)
        assert browser.ask("GET", begins + "emulator")[0] == 200


def test_a_port_that_is_taken(home: Living) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = home.run("ui", "--print", "--port", str(port), expect=1)
    assert done.err == (
        f"Error: Port {port} on 127.0.0.1 cannot be used: {os.strerror(98)}.\nNext:  studioctl ui --local --port 0\n"
    )
    with page(home.shell, "--port", "0") as (browser, _, _):
        assert browser.ask("GET", "")[0] == 403
