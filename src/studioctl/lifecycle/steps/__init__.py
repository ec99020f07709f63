"""The steps of the lifecycle script, one file each."""
