"""Making an environment and taking it down: what is looked at before anything changes."""
