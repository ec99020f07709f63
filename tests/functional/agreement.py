"""Whether a fast plan and a full one say the same, after changes by the file, by other clients, and by both.

Everything that is changed follows from a seed. A difference is right only where `docs/explanation/fast-plans.md` states
it: tags that somebody else changed, and drift that changes nothing.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tests.functional.conftest import Shell
from tests.unit.emulator.emulated import client, eventually

HEAD = (
    'name = "agree"\nregion = "us-east-1"\n\n[studio]\ninstance_type = "{instance}"\n\n[images]\nkeep_latest = {keep}\n'
)
INSTANCES = ("ml.t3.medium", "ml.t3.large", "ml.t3.xlarge", "ml.m5.large")
MOST, FEWEST = 8, 4
UNTOLD = {"expected_seconds"}
REGION = "us-east-1"


@dataclass
class Crowd:
    """An environment, its file, and whoever else works in the account.

    Args:
        shell: Where its file is; its emulator runs.
        chance: Where all choices come from.
    """

    shell: Shell
    chance: random.Random
    users: dict[str, int] = field(default_factory=lambda: {f"user-{n}": 20 for n in range(FEWEST + 1)})
    instance: str = INSTANCES[0]
    keep: int = 10
    made: int = FEWEST + 1
    did: list[str] = field(default_factory=list)

    def write(self) -> None:
        """The file as it should be now."""
        people = "".join(f'\n[[users]]\nname = "{name}"\nvolume_gb = {size}\n' for name, size in self.users.items())
        self.shell.write(HEAD.format(instance=self.instance, keep=self.keep) + people)

    @cached_property
    def sagemaker(self) -> Any:
        """Somebody else's client."""
        return client(self.shell.emulator, "sagemaker", REGION)

    @property
    def domain_id(self) -> str:
        """The environment's domain."""
        return str(self.sagemaker.list_domains()["Domains"][0]["DomainId"])

    def change(self) -> None:
        """One change, by the file, by another client, or by both."""
        by_file = (self._add, self._remove, self._grow, self._other_instance, self._keep_others)
        by_others = (self._set_space, self._set_profile, self._delete_space, self._version_bucket, self._foresee)
        match self.chance.choice(("file", "others", "both")):
            case "file":
                self._do(by_file)
            case "others":
                self._do(by_others)
            case _:
                self._do(by_file)
                self._do(by_others)
        self.write()

    def _do(self, ways: tuple[Callable[[], str | None], ...]) -> None:
        told = None
        while told is None:
            told = self.chance.choice(ways)()
        self.did.append(told)

    def _add(self) -> str | None:
        if len(self.users) >= MOST:
            return None
        self.made += 1
        self.users[f"user-{self.made}"] = 20
        return f"the file gets user-{self.made}"

    def _remove(self) -> str | None:
        if len(self.users) <= FEWEST:
            return None
        name = self.chance.choice(sorted(self.users))
        del self.users[name]
        return f"the file loses {name}"

    def _grow(self) -> str:
        name = self.chance.choice(sorted(self.users))
        self.users[name] += self.chance.randint(1, 3)
        return f"{name} gets {self.users[name]} GB"

    def _other_instance(self) -> str:
        self.instance = self.chance.choice([it for it in INSTANCES if it != self.instance])
        return f"everybody gets {self.instance}"

    def _keep_others(self) -> str:
        self.keep = self.chance.choice([n for n in range(5, 15) if n != self.keep])
        return f"the repository keeps {self.keep}"

    def _spaces(self) -> list[str]:
        found = self.sagemaker.list_spaces(DomainIdEquals=self.domain_id, MaxResults=100)["Spaces"]
        return sorted(space["SpaceName"] for space in found)

    def _settled(self, describe: Callable[[], Mapping[str, Any]]) -> None:
        eventually(lambda: describe()["Status"], lambda status: status == "InService")

    def _set_space(self) -> str | None:
        if not (names := self._spaces()):
            return None
        key: Any = {"DomainId": self.domain_id, "SpaceName": self.chance.choice(names)}
        spec = {"InstanceType": self.chance.choice(INSTANCES)}
        self.sagemaker.update_space(**key, SpaceSettings={"CodeEditorAppSettings": {"DefaultResourceSpec": spec}})
        self._settled(lambda: self.sagemaker.describe_space(**key))
        return f"somebody gives {key['SpaceName']} {spec['InstanceType']} and no script"

    def _set_profile(self) -> str | None:
        found = self.sagemaker.list_user_profiles(DomainIdEquals=self.domain_id, MaxResults=100)["UserProfiles"]
        if not found:
            return None
        name = self.chance.choice(sorted(profile["UserProfileName"] for profile in found))
        key: Any = {"DomainId": self.domain_id, "UserProfileName": name}
        uri = self.chance.choice(("studio::", "app:JupyterServer:"))
        self.sagemaker.update_user_profile(**key, UserSettings={"DefaultLandingUri": uri})
        self._settled(lambda: self.sagemaker.describe_user_profile(**key))
        return f"somebody lets {name} land at {uri}"

    def _delete_space(self) -> str | None:
        if not (names := self._spaces()):
            return None
        name = self.chance.choice(names)
        self.sagemaker.delete_space(DomainId=self.domain_id, SpaceName=name)
        eventually(self._spaces, lambda left: name not in left)
        return f"somebody deletes {name}"

    def _version_bucket(self) -> str:
        status = self.chance.choice(("Enabled", "Suspended"))
        s3 = client(self.shell.emulator, "s3", REGION)
        name = next(b["Name"] for b in s3.list_buckets()["Buckets"] if b["Name"].startswith("agree-data"))
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
        return f"somebody makes versioning {status}"

    def _foresee(self) -> str | None:
        """Somebody makes by hand whom the file gets next."""
        if len(self.users) >= MOST:
            return None
        self.made += 1
        name = f"user-{self.made}"
        key: Any = {"DomainId": self.domain_id, "UserProfileName": name}
        self.sagemaker.create_user_profile(**key)
        self._settled(lambda: self.sagemaker.describe_user_profile(**key))
        self.users[name] = 20
        return f"somebody and the file make {name}"

    def retag(self) -> str:
        """Somebody changes a tag of a space, which AWS does not call a change."""
        name = self.chance.choice(self._spaces())
        arn = self.sagemaker.describe_space(DomainId=self.domain_id, SpaceName=name)["SpaceArn"]
        self.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "studioctl:environment", "Value": "theirs"}])
        return name

    def plans(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The fast plan and the full one, as `--json` tells them."""
        return self._plan(), self._plan("--refresh")

    def _plan(self, *words: str) -> dict[str, Any]:
        done = self.shell.studioctl("plan", "--local", "--json", *words, expect=None)
        assert done.code in {0, 2}, (self.did, done.out, done.err)
        told = {key: value for key, value in json.loads(done.out).items() if key not in UNTOLD}
        changed = {change["address"] for change in told["changes"]}
        return {**told, "drift": [drift for drift in told["drift"] if drift["address"] in changed]}

    def up(self) -> None:
        """Make it so."""
        self.shell.studioctl("up", "--local", "--yes", "--delete-data", "--stop-apps")


def looked_at(said: str) -> int:
    """The number of resources that were left out, as `-v` tells; 0 if everything was looked at."""
    words = next(line for line in said.splitlines() if "Terraform looked at" in line)
    return 0 if "everything" in words else int(words.partition("(")[2].split()[0])
