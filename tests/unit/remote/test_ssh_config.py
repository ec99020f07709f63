"""Our block in somebody's ssh configuration: what ssh makes of it, and what becomes of everything else."""

import os
import shlex
import threading
from pathlib import Path

import pytest

from studioctl.cli import main
from studioctl.errors import RefusedError
from studioctl.remote.host import Host
from studioctl.remote.ssh_config import BEGIN, END, SshConfig
from tests.remedies import claimed, made_from
from tests.unit.remote.hosts import host_of, understood

# The first line is for every host; the others would catch ours, if they came first.
THEIRS = b"Compression yes\nHost *\n\tUser bob\n\tProxyCommand none\nMatch all\n  ForwardAgent yes"
CONTENTS = {
    "nothing": b"",
    "rules for all": THEIRS,
    "no line break at the end": b"Host a\n  User b",
    "CRLF": b"Host a\r\n  User b\r\n",
    "not UTF-8, and form feeds": b"# caf\xe9 \x0c \x85\n\n\nHost a\n",
}


def written(home: Path, content: bytes) -> SshConfig:
    path = home / ".ssh" / "config"
    path.parent.mkdir(mode=0o700)
    path.write_bytes(content)
    path.chmod(0o600)
    return SshConfig(path)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=list(CONTENTS))
def test_there_and_back_is_byte_for_byte(home: Path, host: Host, content: bytes) -> None:
    config = written(home, content)

    assert config.put(host)
    assert config.path.read_bytes().endswith(f"{END}\n".encode() + content)
    assert config.remove(*config.hosts()) == (host.alias,)

    assert config.path.read_bytes() == content
    assert config.path.stat().st_mode & 0o777 == 0o600


def test_it_counts_before_rules_for_all_hosts_and_leaves_other_hosts_alone(home: Path, host: Host) -> None:
    config = written(home, THEIRS)
    before = understood(config.path, "elsewhere")

    config.put(host)

    ours = understood(config.path, host.alias)
    assert (ours["user"], ours["forwardagent"], ours["stricthostkeychecking"]) == ("sagemaker-user", "no", "accept-new")
    assert f" ssh-proxy {host.arn}" in ours["proxycommand"]
    assert ours["userknownhostsfile"] == str(host.known_hosts)
    assert ours["compression"] == "yes"  # what they wrote for every host is for ours too
    assert understood(config.path, "elsewhere") == before


def test_it_still_counts_where_somebody_moved_it(home: Path, host: Host) -> None:
    config = written(home, b"")
    config.put(host)
    block = config.path.read_bytes()
    config.path.write_bytes(b"Host other\n  User bob\n" + block + b"# the end")

    assert understood(config.path, host.alias)["user"] == "sagemaker-user"
    config.put(host_of("second"))
    assert config.path.read_bytes().startswith(b"Host other\n  User bob\n# >>> studioctl")
    config.remove(*config.hosts())
    assert config.path.read_bytes() == b"Host other\n  User bob\n# the end"


def test_the_same_again_writes_nothing(home: Path, host: Host) -> None:
    config = written(home, THEIRS)
    config.put(host)
    inode = config.path.stat().st_ino

    assert not config.put(host)
    assert config.path.stat().st_ino == inode
    assert config.backup.read_bytes() == THEIRS  # of the one change that there was


def test_several_spaces_share_the_block_and_leave_it_one_by_one(home: Path, host: Host) -> None:
    config = written(home, THEIRS)
    second = host_of("second")
    config.put(host)
    config.put(second)

    assert config.hosts() == (host.alias, second.alias)
    assert config.path.read_bytes().count(BEGIN.encode()) == 1
    assert config.remove(host.alias) == (host.alias,)
    assert config.hosts() == (second.alias,)
    assert config.remove("nobody") == ()
    assert config.remove(second.alias) == (second.alias,)
    assert config.path.read_bytes() == THEIRS


def test_what_was_not_there_is_made_for_its_owner_and_goes_again(home: Path, host: Host) -> None:
    config = SshConfig(home / ".ssh" / "config")

    assert config.remove(*config.hosts()) == ()
    config.put(host)
    assert config.path.stat().st_mode & 0o777 == 0o600
    assert config.path.parent.stat().st_mode & 0o777 == 0o700
    assert not config.backup.exists()
    config.remove(*config.hosts())
    assert not config.path.exists()

    config.put(host)
    with config.path.open("ab") as file:
        file.write(b"Host mine\n")
    config.remove(*config.hosts())
    assert config.path.read_bytes() == b"Host mine\n"


def test_a_link_stays_a_link_and_permissions_stay(home: Path, host: Host) -> None:
    real = home / "dotfiles" / "ssh"
    real.parent.mkdir()
    real.write_bytes(THEIRS)
    real.chmod(0o640)
    link = home / ".ssh" / "config"
    link.parent.mkdir()
    link.symlink_to(real)

    SshConfig(link).put(host)

    assert link.is_symlink()
    assert real.read_bytes().endswith(THEIRS)
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in real.parent.iterdir()) == ["ssh"]
    backup = link.with_name("config.before-studioctl")
    assert (backup.read_bytes(), backup.stat().st_mode & 0o777) == (THEIRS, 0o600)


@pytest.mark.parametrize(
    "damaged", [f"{BEGIN}\nHost a\n", f"{END}\n", f"{END}\n{BEGIN}\n", f"{BEGIN}\n{END}\n" * 2], ids=range(4)
)
def test_a_damaged_block_is_not_touched(home: Path, host: Host, damaged: str) -> None:
    config = written(home, damaged.encode())

    for change in (lambda: config.put(host), lambda: config.remove(host.alias)):
        with pytest.raises(RefusedError, match="changed by hand"):
            change()
    assert config.path.read_bytes() == damaged.encode()


def test_a_name_never_leads_to_another_account_silently(home: Path, host: Host) -> None:
    config = written(home, b"")
    config.put(host)
    anew = host_of("ada-editor", domain="d-anew")  # after down and up
    assert config.put(anew)

    elsewhere = Host(host.alias, host.arn.replace("123456789012", "210987654321"))
    with pytest.raises(RefusedError, match="leads to another space already"):
        config.put(elsewhere)
    assert anew.arn in config.path.read_text()


HERE = "tests/unit/remote/test_ssh_config.py"


def test_what_is_in_the_way_is_taken_out_as_printed(home: Path, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing else is."""
    config, other = written(home, b""), host_of("bo-editor")
    config.put(host)
    config.put(other)
    elsewhere = Host(host.alias, host.arn.replace("123456789012", "210987654321"))
    with pytest.raises(RefusedError) as refused:
        config.put(elsewhere)
    monkeypatch.chdir(home)
    (home / "studio.toml").write_text('name = "acme-ml"\nregion = "us-east-1"\nusers = [{ name = "ada" }]\n')
    command = shlex.split(refused.value.hint.partition(": ")[2])

    assert main.run(command[1:]) == 0
    assert config.hosts() == (other.alias,)
    config.put(elsewhere)

    walked = made_from(refused.value.hint, "studioctl.remote.ssh_config")
    assert claimed(f"{HERE}::test_what_is_in_the_way_is_taken_out_as_printed") == walked


def test_two_at_once_both_get_in(home: Path) -> None:
    config = written(home, THEIRS)
    hosts = [host_of(f"space-{number}") for number in range(8)]
    threads = [threading.Thread(target=SshConfig(config.path).put, args=(host,)) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(config.hosts()) == {host.alias for host in hosts}


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_a_file_of_somebody_elses_stays_theirs(home: Path, host: Host) -> None:
    config = written(home, THEIRS)
    os.chown(config.path, 65534, 65534)

    config.put(host)

    assert (config.path.stat().st_uid, config.path.stat().st_gid) == (65534, 65534)


MINE = "# of mine\nHost my-own\n  HostName a.example\n  User w\nMatch host q\n  User v\n"


@pytest.mark.parametrize("where", ["before our hosts", "after our hosts", "after our last line"])
def test_what_somebody_wrote_into_the_block_is_kept(where: str, home: Path, host: Host) -> None:
    config = written(home, THEIRS)
    config.put(host)
    text = config.path.read_text()
    place = {
        "before our hosts": f"Host {host.alias}\n",
        "after our hosts": "Host *\n" + END,
        "after our last line": END,
    }[where]
    config.path.write_text(text.replace(place, MINE + place))

    config.put(host_of("other"))
    assert config.hosts() == (host.alias, "other.acme-ml")
    assert understood(config.path, "my-own")["user"] == "w"
    config.remove(*config.hosts())

    assert config.path.read_text() == MINE + THEIRS.decode()


def test_what_somebody_added_to_a_space_stays_with_it(home: Path, host: Host) -> None:
    config = written(home, b"")
    config.put(host)
    added = "    LocalForward 8888 localhost:8888\n    # for the notebook\n"
    config.path.write_text(config.path.read_text().replace("Host *\n", f"{added}Host *\n"))

    assert not config.put(host)
    assert config.put(host_of("ada-editor", domain="d-anew"))

    ours = understood(config.path, host.alias)
    assert ours["localforward"] == "8888 [localhost]:8888"
    assert "d-anew" in ours["proxycommand"]
    assert config.remove(host.alias)


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "directory"])
def test_only_a_file_is_read_or_replaced(kind: str, home: Path, host: Host) -> None:
    """As root, a link to /dev/null would otherwise have been followed, and the device replaced by a file."""
    real = home / ("config" if kind == "link to a pipe" else ".ssh/config")
    path = home / ".ssh/config"
    path.parent.mkdir()
    if kind == "directory":
        real.mkdir()
    else:
        os.mkfifo(real)
    if path != real:
        path.symlink_to(real)

    with pytest.raises(OSError, match=r"a pipe, not a file|Is a directory"):
        SshConfig(path).put(host)

    assert real.is_fifo() or real.is_dir()
