"""An emulator of SageMaker Studio for this machine. Imports nothing from studioctl."""
