"""studioctl: an Amazon SageMaker Studio (Code Editor) environment from one TOML file.

In notebooks and scripts: `from studioctl import Studio`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studioctl.api import Studio

__version__ = "0.1.0"
__all__ = ["Studio", "__version__"]


def __getattr__(name: str) -> Any:
    """`Studio`, loaded when it is asked for: the command line imports this package too, and must start at once."""
    if name == "Studio":
        from studioctl.api import Studio  # noqa: PLC0415

        return Studio
    raise AttributeError(f"module 'studioctl' has no attribute '{name}'")
