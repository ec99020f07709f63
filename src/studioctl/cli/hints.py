"""The next command, as it has to be typed: about the same environment as the one that was."""

import re

# Commands that take the flags which say what environment is meant.
STATE = r"state (?:history|restore(?: SERIAL)?|unlock(?: [\w-]{36})?|bucket create)"
VERBS = re.compile(
    r"\bstudioctl (plan|up|down|status|outputs|doctor|start|stop|restart|open|logs"
    rf"|secret (set|get|status) github|image (push|list|attach)|{STATE})\b"
)


def flags_of(arguments: list[str]) -> str:
    """The flags of a command line that say what environment it is about: " --config team.toml --local"."""
    flags = ""
    for position, word in enumerate(arguments):
        if word in {"-c", "--config"} and position + 1 < len(arguments):
            flags += f" --config {arguments[position + 1]}"
        elif word.startswith("--config="):
            flags += f" {word}"
    return flags + (" --local" if "--local" in arguments else "")


def with_flags(hint: str, arguments: list[str]) -> str:
    """The hint with these flags behind each command in it. A rehearsal must never lead to the real account."""
    return VERBS.sub(lambda found: found[0] + flags_of(arguments), hint)
