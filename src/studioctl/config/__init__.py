"""What the user wants: the TOML file as frozen, checked values."""
