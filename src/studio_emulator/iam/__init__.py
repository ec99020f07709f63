"""Who may do what in the emulator: AWS's policies, evaluated as AWS does."""
