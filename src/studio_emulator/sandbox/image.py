"""SageMaker Distribution, as far as a lifecycle script can tell its versions apart.

Source: `start-code-editor`, `.condarc` and Dockerfile of each version in https://github.com/aws/sagemaker-distribution
"""

import re
from dataclasses import dataclass

from studio_emulator.errors import SandboxError

OLDEST, NEWEST = (2, 0), (4, 99)
IN_OPT = "opt/amazon/sagemaker/sagemaker-code-editor-server-data"
IN_HOME = "home/sagemaker-user/sagemaker-code-editor-server-data"


@dataclass(frozen=True, order=True)
class Image:
    """A version of SageMaker Distribution. All paths are relative to the image's root."""

    major: int
    minor: int

    @classmethod
    def of(cls, text: str) -> "Image":
        """The image of a version such as "2", "3.2" or "4.0.1"; a bare major means its first minor.

        Raises:
            SandboxError: It is no version, or none with the layouts that are known here.
        """
        found = re.fullmatch(r"v?(\d{1,2})(?:\.(\d{1,3}))?(?:\.\d{1,3})?", text)
        version = (int(found[1]), int(found[2] or 0)) if found else (0, 0)
        if not OLDEST <= version <= NEWEST:
            raise SandboxError(
                f"'{text}' is no version of SageMaker Distribution that studioctl knows: 2.0 to 4.x.",
                hint="studioctl editor test --image 4.0",
                usage=True,
            )
        return cls(*version)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def settings_persist(self) -> bool:
        """Whether the editor keeps its settings in the home: from 2.3 on."""
        return self >= Image(2, 3)

    @property
    def extensions_persist(self) -> bool:
        """Whether it keeps its extensions there too: from 2.5 on, but not in 3.0."""
        return self >= Image(2, 5) and self != Image(3, 0)

    @property
    def server_data(self) -> str:
        """The directory in which the editor keeps its settings."""
        return IN_HOME if self.settings_persist else IN_OPT

    @property
    def extensions(self) -> str:
        """The directory in which the editor looks for extensions."""
        return f"{IN_HOME if self.extensions_persist else IN_OPT}/extensions"

    @property
    def ubuntu(self) -> tuple[str, str]:
        """The version and code name of the system below."""
        return ("24.04", "noble") if self.major >= 4 else ("22.04", "jammy")
