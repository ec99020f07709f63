"""The configuration: the user's TOML file as frozen, checked values."""
