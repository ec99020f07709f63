def init() -> None:
    """Write a commented studio.toml."""
