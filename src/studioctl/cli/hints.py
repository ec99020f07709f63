"""The next command, as it has to be typed: about the same environment as the one that was."""

import re

# Commands that take the flags which say what environment is meant.
STATE = r"state (?:history|trust|restore(?: SERIAL)?|unlock(?: [\w-]{36})?|bucket create)"
VERBS = re.compile(
    r"\bstudioctl (plan|up|down|backup|status|outputs|doctor|audit|start|stop|restart|open|logs|connect|ssh"
    rf"|secret (set|get|status) github|image (push|list|attach)|{STATE})\b"
)


def flags_of(arguments: list[str]) -> str:
    """The flags of a command line that say what environment it is about: " --config team.toml --local"."""
    flags, arguments = "", own(arguments)
    for position, word in enumerate(arguments):
        if word in {"-c", "--config"} and position + 1 < len(arguments):
            flags += f" --config {arguments[position + 1]}"
        elif word.startswith("--config="):
            flags += f" {word}"
    return flags + (" --local" if "--local" in arguments else "")


def own(arguments: list[str]) -> list[str]:
    """The words that are ours: what stands after `--` belongs to a command over there."""
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def with_flags(hint: str, arguments: list[str]) -> str:
    """The hint with these flags behind each command in it. A rehearsal must never lead to the real account."""
    return repeating(hint, flags_of(arguments))


def repeating(hint: str, flags: str) -> str:
    """The hint with these very flags behind each command in it."""
    return VERBS.sub(lambda found: found[0] + flags, hint)
