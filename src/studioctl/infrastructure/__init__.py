"""The wanted infrastructure: pure functions from the config to Terraform blocks. No clock, no disk, no client."""
