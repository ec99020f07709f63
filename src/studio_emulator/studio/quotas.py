"""SageMaker's quotas for Studio: what a new account has of each, and the refusal when it is used up.

Names, codes and values: AWS General Reference, "Amazon SageMaker AI endpoints and quotas". Assumed: the code of a type
of instance that is not in facts.EDITORS_ON is made from its name, and a type that is not in APPS_OF_A_TYPE has 0.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from moto.core.utils import get_service_model

from studio_emulator import facts
from studio_emulator.settings import EmulatorSettings
from studio_emulator.studio.exceptions import over_quota

SERVICE = "sagemaker"
KINDS_OF_APPS = ("CodeEditor", "JupyterLab")
# Every other type is 0: bigger ones and those with a GPU have to be asked for.
APPS_OF_A_TYPE = {
    **dict.fromkeys(("ml.t3.medium", "ml.t3.large", "ml.t3.xlarge", "ml.t3.2xlarge"), 6),
    **dict.fromkeys(("ml.c5.large", "ml.c5.xlarge", "ml.c5.2xlarge", "ml.c6i.2xlarge", "ml.m7i.xlarge"), 1),
    **dict.fromkeys(("ml.r5.large", "ml.r5.xlarge"), 1),
    **dict.fromkeys(("ml.m5.large", "ml.m5.xlarge"), 1),  # assumed: the page shows JupyterLab's
}


@dataclass(frozen=True)
class Quota:
    """One quota. `unit` is what AWS's refusal counts."""

    code: str
    name: str
    default: float
    unit: str

    def limit(self, settings: EmulatorSettings) -> float:
        """The number that the account may have: the emulator's setting, or else AWS's default."""
        return settings.quotas.get(self.code, self.default)

    def check(self, settings: EmulatorSettings, used: int) -> None:
        """Raises ResourceLimitExceeded when one more is too many.

        What the account may have some of is given out beyond that, unless the emulator was told to mind: a rehearsal
        is for teams that are larger than a new account. What it may have none of is refused in any case.
        """
        limit = self.limit(settings)
        if used >= limit and (settings.enforce_quotas or not limit):
            raise over_quota(self.name, self.unit, int(limit), used)


PROFILES = Quota(facts.PROFILES, "Maximum number of Studio user profiles allowed per account", 2, "UserProfiles")
SPACES = Quota(facts.SPACES, "Maximum number of Studio spaces allowed per account", 6, "Spaces")
RUNNING_APPS = Quota(facts.RUNNING_APPS, "Maximum number of running Studio apps allowed per account", 40, "Apps")


def of_type(app_type: str, instance_type: str) -> Quota:
    """The quota for apps of one kind on one type of instance: Code Editor and JupyterLab have one each."""
    name = facts.editor_quota_name(instance_type, app_type)
    code = facts.EDITORS_ON.get(instance_type) if app_type == "CodeEditor" else None
    made_up = f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"
    return Quota(code or made_up, name, APPS_OF_A_TYPE.get(instance_type, 0), "Apps")


@cache
def all_quotas() -> Mapping[str, Quota]:
    """Every quota that the emulator knows, by code."""
    shape: Any = get_service_model(SERVICE).shape_for("AppInstanceType")
    types = [name for name in shape.enum if name != "system"]
    per_type = [of_type(app_type, name) for app_type in KINDS_OF_APPS for name in types]
    return {quota.code: quota for quota in (PROFILES, SPACES, RUNNING_APPS, *per_type)}
