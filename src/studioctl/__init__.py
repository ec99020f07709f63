"""studioctl: an Amazon SageMaker Studio (Code Editor, JupyterLab) environment from one TOML file.

In notebooks and scripts: `from studioctl import Studio`, and `Tuner` for hyperparameters, in jobs that
`JobSettings` describes.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studioctl.api import Studio
    from studioctl.operations.tuning.jobs import JobSettings
    from studioctl.tuner import Tuner

__version__ = "0.1.0"
__all__ = ["JobSettings", "Studio", "Tuner", "__version__"]


def __getattr__(name: str) -> Any:
    """The public names, loaded when asked for: the command line imports this package too, and starts at once."""
    if name == "Studio":
        from studioctl.api import Studio  # noqa: PLC0415

        return Studio
    if name == "Tuner":
        from studioctl.tuner import Tuner  # noqa: PLC0415

        return Tuner
    if name == "JobSettings":
        from studioctl.operations.tuning.jobs import JobSettings  # noqa: PLC0415

        return JobSettings
    raise AttributeError(f"module 'studioctl' has no attribute '{name}'")
