"""The backend: moto's own for SageMaker, with each of Studio's resources on top."""

from studio_emulator.studio.models.session import SessionBackend


class StudioBackend(SessionBackend):
    """All of SageMaker for one account and region: what moto has, and Studio."""


__all__ = ["StudioBackend"]
