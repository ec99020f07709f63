"""The program that gets the address, the end for which `open` waits, and what others on the machine can read of it."""

import contextlib
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from studioctl.cli.open import hand_over_and_tell
from studioctl.errors import StudioctlError
from studioctl.presentation.console import Terminal
from studioctl.remote import browser, peers
from studioctl.remote.browser import Visit, hand_over

SECRET = "http://127.0.0.1:9/auth?token=tbs3cr3t"
STRANGER = 54321
PATIENCE = 60.0  # of tests on a busy machine
# What a browser may do. `ask` says how an address answers, and where it leads.
PRELUDE = f"""#!{sys.executable}
import contextlib, os, sys, time, tty, urllib.error, urllib.request
from pathlib import Path

class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None

def ask(address):
    try:
        urllib.request.build_opener(Stay).open(address)
    except urllib.error.HTTPError as answer:
        return f"{{answer.code}} {{answer.headers.get('Location')}} {{'s3cr3t' in answer.read().decode()}}"
    except OSError:
        return "nobody answers"

def ask_as(user, address):
    ask("http://127.0.0.1:9/")  # so that everything is imported: the other user may not read this Python
    reader, writer = os.pipe()
    if not os.fork():
        os.setgid(user), os.setuid(user)
        os.write(writer, ask(address).encode())
        os._exit(0)
    return os.read(reader, 1000).decode()

def tell(*lines):
    part = Path(__file__ + ".part")
    part.write_text("\\n".join(lines))
    part.rename(__file__ + ".told")

address = sys.argv[-1]
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")


class Fake:
    """A browser that does what a test says, as BROWSER names it."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "browser"
        self.told_in = directory / "browser.told"

    def does(self, *lines: str) -> None:
        self.path.write_text(PRELUDE + "\n".join(lines) + "\n")
        self.path.chmod(0o755)

    def told(self) -> list[str]:
        end = time.monotonic() + PATIENCE
        while not self.told_in.exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        return self.told_in.read_text().split("\n")


@contextlib.contextmanager
def patience_until_told(fake: Fake) -> Iterator[None]:
    """Within it, the time for a browser to come is over as soon as it has told what it was answered."""
    clock = SimpleNamespace(monotonic=lambda: PATIENCE if fake.told_in.exists() else 0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(browser, "time", clock)
        yield


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    made = Fake(tmp_path)
    monkeypatch.setenv("BROWSER", f"{made.path} %s")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return made


def test_a_browser_of_the_same_user_gets_it_once(fake: Fake) -> None:
    fake.does("first = ask(address)", "second = ask(address)", "tell(first, second)")

    assert hand_over(SECRET, patience=PATIENCE) == Visit(came=True, started=True, refused=())
    first, second = fake.told()
    assert first == f"303 {SECRET} False"
    assert second in {"410 None False", "nobody answers"}


@pytest.mark.parametrize("command", ["{} %s", "{} %s &", "{}", "/missing/browser:{} %s"])
def test_each_way_to_name_a_browser(fake: Fake, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("BROWSER", command.format(fake.path))
    fake.does("tell(ask(address))")

    assert hand_over(SECRET, patience=PATIENCE).came
    assert fake.told() == [f"303 {SECRET} False"]


def test_no_command_line_has_it(fake: Fake) -> None:
    fake.does(
        "seen = []",
        "for file in Path('/proc').glob('[0-9]*/cmdline'):",
        "    with contextlib.suppress(OSError):  # it has ended",
        "        seen.append(file.read_bytes())",
        "ask(address)",
        "tell(str(any(b's3cr3t' in line for line in seen)), str(any(address.encode() in line for line in seen)))",
    )

    assert hand_over(SECRET, patience=PATIENCE).came
    assert fake.told() == ["False", "True"]  # the browser's own address was there to be seen


@as_root
def test_another_user_who_comes_first_gets_nothing(fake: Fake) -> None:
    fake.does(f"stranger = ask_as({STRANGER}, address)", "tell(stranger, ask(address))")

    assert hand_over(SECRET, patience=PATIENCE) == Visit(came=True, started=True, refused=(STRANGER,))
    assert fake.told() == ["403 None False", f"303 {SECRET} False"]


@as_root
def test_another_user_alone_gets_nothing(fake: Fake) -> None:
    fake.does(f"tell(ask_as({STRANGER}, address))", "time.sleep(5)")

    with patience_until_told(fake):
        assert hand_over(SECRET, patience=PATIENCE) == Visit(came=False, started=True, refused=(STRANGER,))
    assert fake.told() == ["403 None False"]


@as_root
def test_another_user_over_the_sixth_version_gets_nothing(fake: Fake) -> None:
    fake.does(f"tell(ask_as({STRANGER}, address.replace('127.0.0.1', '[::ffff:127.0.0.1]')))", "time.sleep(5)")

    with patience_until_told(fake):
        assert hand_over(SECRET, patience=PATIENCE).refused == (STRANGER,)
    assert fake.told() == ["403 None False"]


@as_root
def test_the_relay_of_windows_is_roots_and_is_let_in_there_alone(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER)  # who then sees root's browser as another's
    monkeypatch.setattr(peers, "can_be_told", lambda _: True)
    fake.does("tell(ask(address))")

    with patience_until_told(fake):
        assert hand_over(SECRET, patience=PATIENCE) == Visit(came=False, started=True, refused=(0,))
    monkeypatch.setattr(peers, "is_wsl", lambda: True)
    assert hand_over(SECRET, patience=PATIENCE).came


def test_other_addresses_lead_nowhere(fake: Fake) -> None:
    fake.does(
        "wrong = ask(address[:-1])",
        "root = ask('/'.join(address.split('/')[:3]) + '/')",
        "tell(wrong, root, ask(address))",
    )

    assert hand_over(SECRET, patience=PATIENCE) == Visit(came=True, started=True, refused=())
    assert fake.told() == ["404 None False", "404 None False", f"303 {SECRET} False"]


def test_connections_on_which_nothing_is_said_hold_nobody_up(fake: Fake) -> None:
    fake.does(
        "import socket, urllib.parse",
        "place = urllib.parse.urlsplit(address)",
        "silent = [socket.create_connection((place.hostname, place.port)) for _ in range(20)]",
        "tell(ask(address))",
    )

    assert hand_over(SECRET, patience=PATIENCE).came


def test_a_browser_that_stays_in_the_foreground_is_left_running(fake: Fake) -> None:
    fake.does("ask(address)", "tell(str(os.getpid()))", "time.sleep(120)")

    begun = time.monotonic()
    assert hand_over(SECRET, patience=60).came
    assert time.monotonic() - begun < 60
    process = int(fake.told()[0])
    os.kill(process, 0)  # raises if it is gone
    os.kill(process, signal.SIGTERM)


def test_a_browser_holds_up_no_pipe(fake: Fake) -> None:
    fake.does("ask(address)", "tell(str(os.getpid()))", "print('noise')", "time.sleep(120)")

    done = subprocess.run([sys.executable, "-c", CALL], capture_output=True, text=True, check=True, timeout=60)

    assert (done.stdout, done.stderr) == ("Visit(came=True, started=True, refused=())\n", "")
    os.kill(int(fake.told()[0]), signal.SIGTERM)


def test_a_browser_that_never_comes(fake: Fake) -> None:
    fake.does("tell(str(os.getpid()))", "time.sleep(120)")

    assert hand_over(SECRET, patience=2) == Visit(came=False, started=True, refused=())
    os.kill(int(fake.told()[0]), signal.SIGTERM)


@pytest.mark.parametrize("command", ["/missing/browser %s", "/missing/browser '%s", "/bin/false %s"])
def test_no_browser_is_told_at_once(fake: Fake, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("BROWSER", command)
    monkeypatch.setenv("PATH", "/nowhere")

    begun = time.monotonic()
    assert hand_over(SECRET, patience=120) == Visit(came=False, started=False, refused=())
    assert time.monotonic() - begun < 60


def test_a_module_of_the_directory_is_not_run(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The directory of `open` is often a repository that somebody else wrote to."""
    (tmp_path / "webbrowser.py").write_text("open('ran', 'w')\n")
    monkeypatch.chdir(tmp_path)
    fake.does("tell(ask(address))")

    assert hand_over(SECRET, patience=PATIENCE).came
    assert not (tmp_path / "ran").exists()


def test_where_users_cannot_be_told_a_closed_file_leads_to_the_page(
    fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS."""
    monkeypatch.setattr(peers, "TABLES", tmp_path / "missing")
    fake.does(
        "import urllib.parse",
        "file = Path(urllib.parse.urlsplit(address).path)",
        "page = file.read_text().split('href=\"')[1].split('\"')[0]",
        "tell(address, oct(file.stat().st_mode & 0o777), page, str('s3cr3t' in file.read_text()), ask(page))",
    )

    assert hand_over(SECRET, patience=PATIENCE) == Visit(came=True, started=True, refused=())
    address, mode, page, leaked, answer = fake.told()
    assert address.startswith("file:///")
    assert page.startswith("http://127.0.0.1:")
    assert (mode, answer, leaked) == ("0o600", f"303 {SECRET} False", "False")
    assert not Path(address.removeprefix("file://")).exists()


FOLLOWING = "studioctl open ada-editor --print   (then open the address in a browser, within five minutes)"

CAME_FIRST = "asked for the page first and was refused; your browser did not come."


@pytest.mark.parametrize(
    ("visit", "message"),
    [
        (
            Visit(came=False, started=True, refused=()),
            "A browser was started, but did not ask for the page within 30 seconds.",
        ),
        (
            Visit(came=False, started=True, refused=(None, STRANGER)),
            f"Another user of this machine (uid {STRANGER}) {CAME_FIRST}",
        ),
        (
            Visit(came=False, started=False, refused=(None,)),
            f"A program of an unknown user {CAME_FIRST}",
        ),
    ],
)
def test_a_failure_says_why_and_what_to_do(monkeypatch: pytest.MonkeyPatch, visit: Visit, message: str) -> None:
    monkeypatch.setattr(browser, "hand_over", lambda _: visit)

    with pytest.raises(StudioctlError) as error:
        hand_over_and_tell(SECRET, "ada-editor", Terminal())

    assert (error.value.message, error.value.hint) == (message, FOLLOWING)


def test_an_address_that_does_not_expire_is_not_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser, "hand_over", lambda _: Visit(came=False, started=False, refused=()))

    with pytest.raises(StudioctlError) as error:
        hand_over_and_tell("https://d-abc.studio.us-east-1.sagemaker.aws", "ada-editor", Terminal(), lasts=True)

    assert error.value.hint == FOLLOWING.replace(", within five minutes", "")


def test_another_user_who_came_too_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(browser, "hand_over", lambda _: Visit(came=True, started=True, refused=(0,)))

    hand_over_and_tell(SECRET, "ada-editor", Terminal())

    assert capsys.readouterr().err == (
        "'ada-editor' is open in your browser.\n"
        "Another user of this machine (root) asked for the page, too, and was refused.\n"
    )


CALL = f"from studioctl.remote.browser import hand_over; print(hand_over({SECRET!r}, patience={PATIENCE}))"


class OnTerminal:
    """`hand_over`, on a terminal."""

    def __init__(self) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", "import os, fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n" + CALL],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.shown = ""

    def shows(self, text: str) -> bool:
        end = time.monotonic() + PATIENCE
        while text not in self.shown and time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                with contextlib.suppress(OSError):  # nobody has the terminal any more
                    self.shown += os.read(self.master, 4096).decode()
        return text in self.shown

    def end(self) -> int:
        code = self.process.wait(timeout=PATIENCE)
        os.close(self.master)
        return code


def test_a_browser_on_the_terminal_is_waited_for(fake: Fake) -> None:
    """And Ctrl-C is for the browser."""
    fake.does(
        "import signal",
        "tty.setcbreak(0)",
        "signal.signal(signal.SIGINT, lambda *_: print('interrupted', flush=True))",
        "ask(address)",
        "print('page', flush=True)",
        "while os.read(0, 1) != b'q': pass",
        "os.system('stty sane')",
    )
    terminal = OnTerminal()

    assert terminal.shows("page"), terminal.shown
    time.sleep(3)  # until `hand_over` has seen that the page was fetched
    os.write(terminal.master, b"\x03")
    assert terminal.shows("interrupted"), terminal.shown
    time.sleep(0.5)
    assert "Visit(" not in terminal.shown
    os.write(terminal.master, b"q")
    assert terminal.shows("Visit(came=True, started=True, refused=())"), terminal.shown
    assert terminal.end() == 0


def test_a_window_that_was_started_on_a_terminal_is_not_waited_for(fake: Fake) -> None:
    fake.does("ask(address)", "tell(str(os.getpid()))", "time.sleep(120)")
    terminal = OnTerminal()

    assert terminal.shows("Visit(came=True, started=True, refused=())"), terminal.shown
    assert terminal.end() == 0
    process = int(fake.told()[0])
    os.kill(process, 0)
    os.kill(process, signal.SIGTERM)
