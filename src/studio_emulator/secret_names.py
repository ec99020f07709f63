"""Environment variables that hold secrets of other programs, by how they are called: GITHUB_TOKEN, PGPASSWORD."""

import re

_SECRET = re.compile(r"(TOKEN|PASSWORD|PASSWD|SECRET|API_?KEY|ACCESS_?KEY|_PAT|_PSW)$", re.IGNORECASE)


def holds_secret(name: str) -> bool:
    """Whether a variable of this name holds a secret."""
    return _SECRET.search(name) is not None
