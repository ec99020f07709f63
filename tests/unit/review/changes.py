"""Changes of a file, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from studioctl.config import load
from studioctl.config.model import EnvironmentConfig
from studioctl.config.source import Source
from studioctl.review.entry import Review
from studioctl.review.now import Now
from studioctl.review.reviewing import review
from studioctl.terraform.plan import PlanSummary
from tests.unit.review.planned import between, now

HEAD = 'name = "acme-ml"\nregion = "us-east-1"\n'
ADA = '\n[[users]]\nname = "ada"\n'
SPACES = '{ name = "grace-editor" }, { name = "grace-gpu", volume_gb = 60 }'
GRACE = f'\n[[users]]\nname = "grace"\nspaces = [{SPACES}]\n'
USERS = ADA + GRACE
DIGEST = f"sha256:{'0123456789abcdef' * 4}"


parse = cache(load.parse)


@dataclass(frozen=True)
class Change:
    """A file before and after; `before` is None for a first `up`."""

    before: str | None
    after: str

    @property
    def config(self) -> EnvironmentConfig:
        """The file as it is now."""
        return parse(self.after)

    def summary(self) -> PlanSummary:
        """The plan."""
        return _summary(self)

    @cache  # noqa: B019 (there are as many as below)
    def review(self) -> Review:
        """The plan in the words of the file, where nobody looked what AWS has now."""
        return review(self.config, Source("studio.toml", self.after), self.summary())

    @cache  # noqa: B019 (there are as many as below)
    def met(self) -> Review:
        """The plan in the words of the file, with what AWS has now."""
        return review(self.config, Source("studio.toml", self.after), self.summary(), self.now())

    @cache  # noqa: B019 (there are as many as below)
    def now(self) -> Now:
        """The state of AWS before the change."""
        return now(parse(self.before) if self.before is not None else None, self.summary())


@cache
def _summary(change: Change) -> PlanSummary:
    return between(parse(change.before) if change.before is not None else None, change.config)


def _added(text: str, *, to: str = "") -> Change:
    return Change(HEAD + USERS + to, HEAD + USERS + text)


CHANGES: Mapping[str, Change] = {
    "a first up": Change(None, HEAD + USERS),
    "larger volumes": _added("[studio]\nvolume_gb = 50\n"),
    "a larger volume of one space": Change(HEAD + USERS, HEAD + USERS.replace("60", "80")),
    "a longer idle time": _added("[studio]\nidle_timeout_minutes = 120\n"),
    "no idle time": _added('[studio]\nidle_timeout_minutes = "never"\n'),
    "another instance type": _added('[studio]\ninstance_type = "ml.t3.large"\n'),
    "a pinned image": _added('[studio]\nimage = "4.3"\n'),
    "no Docker": _added("[studio]\ndocker = false\n"),
    "no remote access": _added("[studio]\nremote_access = false\n"),
    "a new user": _added('\n[[users]]\nname = "eve"\n'),
    "a user less": Change(HEAD + USERS, HEAD + ADA),
    "a space less": Change(
        HEAD + USERS, HEAD + ADA + '\n[[users]]\nname = "grace"\nspaces = [{ name = "grace-editor" }]\n'
    ),
    "a closed network": _added('[network]\naccess = "vpc-only"\n'),
    "a closed network without the internet": _added('[network]\naccess = "vpc-only"\ninternet = "none"\n'),
    "no NAT gateway any more": _added(
        '[network]\naccess = "vpc-only"\ninternet = "none"\n', to='[network]\naccess = "vpc-only"\n'
    ),
    "a third zone": _added("[network]\navailability_zones = 3\n"),
    "a zone less": _added("[network]\navailability_zones = 1\n"),
    "another range of addresses": _added('[network]\ncidr = "10.9.0.0/16"\n'),
    "flow logs": _added("[network]\nflow_logs = true\n"),
    "a tag": Change(HEAD + USERS, HEAD + 'tags = { team = "ml" }\n' + USERS),
    "a role for each user": _added("[iam]\nper_user_roles = true\n"),
    "AWS's managed policies": _added('[iam]\npermissions = "managed"\n'),
    "another bucket to use": _added('[storage]\nextra_buckets = ["acme-lake"]\n'),
    "no versions": _added("[storage]\nversioning = false\n"),
    "more images": _added("[images]\nkeep_latest = 9\n"),
    "tags of images that stay": _added("[images]\nimmutable_tags = true\n"),
    "a GitHub token": _added('[secrets]\ngithub = { username = "ada" }\n'),
    "no GitHub token any more": _added("", to='[secrets]\ngithub = { username = "ada" }\n'),
    "more tools": _added('[editor]\ntools = ["uv"]\n'),
    "an image to choose": _added(f'[[images.custom]]\nname = "torch"\ndigest = "{DIGEST}"\n'),
}
