"""studioctl: an Amazon SageMaker Studio (Code Editor) environment from one TOML file."""

__version__ = "0.1.0"
