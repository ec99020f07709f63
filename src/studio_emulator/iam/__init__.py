"""Permissions in the emulator: AWS's policies, evaluated as AWS does."""
