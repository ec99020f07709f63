"""The image, on this machine: a throw-away root in which a lifecycle script runs as it would in SageMaker's image."""
