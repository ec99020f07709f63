"""What stands in for SageMaker Studio on this machine. Imports nothing of studioctl."""
