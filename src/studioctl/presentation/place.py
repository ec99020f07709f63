"""The name that messages use for AWS, or for the endpoint in its place."""


def place(target: str, endpoint: str | None) -> str:
    """ "AWS", "the emulator", or the address that the user's own settings put in AWS's place."""
    if target == "local":
        return "the emulator"
    return endpoint or "AWS"
