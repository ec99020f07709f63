"""The last lines of `homes restore`."""

from studioctl.config.text import listed
from studioctl.operations.data.homes import Restored
from studioctl.presentation.console import Terminal


def restored(done: Restored, terminal: Terminal, *, file: str, flags: str) -> None:
    """Show whose directories will be mounted again, and where, and the next command."""
    says = "now says" if done.changed else "says already"
    terminal.say(f"{file} {says} whose directories in {done.file_system} are mounted:")
    for user, number in done.homes.items():
        terminal.say(f"  {user}: /{number}")
    if done.others:
        terminal.say(f"Not in the file, so left where they are: {listed(done.others)}")
    terminal.say(f"After the next up, and a restart, they are in /mnt/custom-file-systems/efs/{done.file_system}*.")
    terminal.say("Whoever never opened an app may have no directory in it: should their spaces not start, delete them")
    terminal.say("from homes in the file, then: studioctl up")
    terminal.next_commands((f"studioctl up{flags}", "let their spaces mount them"))
