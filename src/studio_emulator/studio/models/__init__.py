"""The backend: moto's own for SageMaker, with each of Studio's resources on top."""

from studio_emulator.training.backend import TrainingBackend


class StudioBackend(TrainingBackend):
    """All of SageMaker for one account and region: what moto has, Studio, and training jobs that run."""


__all__ = ["StudioBackend"]
