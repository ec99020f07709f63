"""The permissions of a user under the policies that are really written, case by case, by two evaluators."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.environments import environment
from tests.independent import allows
from tests.unit.infrastructure.rendered import ACCOUNT, REGION, Role, roles_of

from studio_emulator.iam.evaluate import Policies, evaluate
from studio_emulator.iam.patterns import Values
from studio_emulator.iam.policy import Asked, Principal
from studioctl.config.model import EnvironmentConfig

TABLE = Path(__file__).with_name("permissions.txt")
AWS_ACCOUNT = "763104351884"  # of its deep learning containers
DOMAINS = {"acme-ml": "d-mlmlmlmlmlml", "acme-prod": "d-prodprodprod"}
MODES = ("default", "per-user", "managed")
Keys = Mapping[str, Values]


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    line: str
    who: str
    action: str
    thing: str
    expected: Mapping[str, str]


def cases() -> list[Case]:
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return [_case(line, *line.split()) for line in lines]


def _case(line: str, who: str, action: str, thing: str, *expected: str) -> Case:
    return Case(line, who, action, thing, dict(zip(MODES, expected, strict=True)))


def configuration(mode: str) -> EnvironmentConfig:
    """With a role for each, users have tokens of their own, and grace pushes no images."""
    iam = {"default": {}, "per-user": {"per_user_roles": True}, "managed": {"permissions": "managed"}}[mode]
    own = {user: {"github": {"username": user}} if mode == "per-user" else {} for user in ("ada", "grace")}
    return environment(
        iam=iam,
        users=[{"name": "ada", **own["ada"]}, {"name": "grace", "push_images": mode != "per-user", **own["grace"]}],
        storage={"bucket": "acme-ml-data", "extra_buckets": ["acme-lake"]},
        secrets={"github": {"username": "ada"}},
    )


def profile_arn(domain: str, user: str) -> str:
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:user-profile/{DOMAINS[domain]}/{user}"


def space_keys(words: list[str]) -> dict[str, Values]:
    domain, owner, *shared = words
    return {
        "sagemaker:OwnerUserProfileArn": profile_arn(domain, owner),
        "sagemaker:SpaceSharingType": "Shared" if shared else "Private",
        "sagemaker:ResourceTag/sagemaker:user-profile-arn": profile_arn(domain, owner),
    }


def arn(service: str, path: str, region: str = REGION) -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{path}"


def thing(text: str, own_role: str) -> tuple[str, dict[str, Values]]:
    """The resource that the table's third column means, and what is known about it."""
    named, _, said = text.partition("?")
    kind, _, name = named.partition(":")
    words = name.split("/")
    known: dict[str, Callable[[], tuple[str, dict[str, Values]]]] = {
        "*": lambda: ("*", {}),
        "domain": lambda: (arn("sagemaker", f"domain/{DOMAINS[name]}"), {}),
        "profile": lambda: (profile_arn(*words), {}),
        "space": lambda: (arn("sagemaker", f"space/{DOMAINS[words[0]]}/{words[1]}-editor"), space_keys(words)),
        "app": lambda: (
            arn("sagemaker", f"app/{DOMAINS[words[0]]}/{words[1]}-editor/codeeditor/default"),
            space_keys(words),
        ),
        "lab": lambda: (
            arn("sagemaker", f"app/{DOMAINS[words[0]]}/{words[1]}-lab/jupyterlab/default"),
            space_keys(words),
        ),
        "bucket": lambda: (f"arn:aws:s3:::{name}", {}),
        "object": lambda: (f"arn:aws:s3:::{name}", {}),
        "secret": lambda: (arn("secretsmanager", f"secret:{name}-AbCdEf"), {}),
        "repository": lambda: (arn("ecr", f"repository/{name}"), {}),
        "aws-repository": lambda: (f"arn:aws:ecr:{REGION}:{AWS_ACCOUNT}:repository/{name}", {}),
        "role": lambda: (own_role if name == "own" else arn("iam", f"role/{name}", ""), {}),
        "user": lambda: (arn("iam", f"user/{name}", ""), {}),
        "log": lambda: (arn("logs", log_stream(name)), {}),
        "key": lambda: (arn("kms", f"key/{name}"), {}),
        "function": lambda: (arn("lambda", f"function:{name}"), {}),
        "instance": lambda: (arn("ec2", f"instance/{name}"), {}),
        "userpool": lambda: (arn("cognito-idp", f"userpool/{name}"), {}),
        "trail": lambda: (arn("cloudtrail", f"trail/{name}"), {}),
    }
    resource, keys = known.get(kind, lambda: (arn("sagemaker", named.replace(":", "/")), {}))()
    return resource, keys | {QUESTIONS[key]: value for key, _, value in [said.partition("=")] if key}


QUESTIONS = {
    "mounts": "sagemaker:FileSystemId",
    "prefix": "s3:prefix",
    "to": "iam:PassedToService",
    "tagging": "sagemaker:TaggingAction",
    "namespace": "cloudwatch:namespace",
}


def log_stream(name: str) -> str:
    """Of a job: its name begins the stream's."""
    group, job = name, ""
    if name.startswith("/aws/sagemaker/TrainingJobs/"):
        group, job = "/aws/sagemaker/TrainingJobs", name.removeprefix("/aws/sagemaker/TrainingJobs/")
    return f"log-group:{group}:log-stream:{job}"


def session_keys(who: str) -> dict[str, Values]:
    """AWS's condition keys about a session: in a job it is not Studio's."""
    studio = {"sagemaker:DomainId": DOMAINS["acme-ml"], "sagemaker:UserProfileName": who}
    return {"aws:PrincipalAccount": ACCOUNT, "aws:RequestedRegion": REGION, **(studio if who != "job" else {})}


def owner(resource: str) -> str:
    """The account that an ARN names; where it names none, this one."""
    parts = resource.split(":")
    return (parts[4] if len(parts) > 4 else "") or ACCOUNT


def ours(role: Role, asked: Asked) -> bool:
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.arn.rpartition('/')[2]}/SageMaker"
    principal = Principal(session, role.arn, ACCOUNT)
    return evaluate(principal, asked, Policies(identity=role.policies)).allowed


def theirs(role: Role, asked: Asked) -> bool:
    return allows(role.policies.values(), asked.action, asked.resource, asked.context)


@pytest.mark.parametrize("evaluator", [ours, theirs])
def test_users_may_do_what_the_table_says(evaluator: Callable[[Role, Asked], bool]) -> None:
    roles = {mode: roles_of(configuration(mode)) for mode in MODES}

    def answer(case: Case, mode: str) -> str:
        role = roles[mode]["ada" if case.who == "job" else case.who]
        resource, keys = thing(case.thing, role.arn)
        context = {**session_keys(case.who), **keys, "aws:ResourceAccount": owner(resource)}
        if evaluator is ours:
            context = {key.lower(): value for key, value in context.items()}
        return "yes" if evaluator(role, Asked(case.action, resource, context)) else "no"

    differing = [
        f"{case.line}: {mode} is {found}"
        for case in cases()
        for mode in MODES
        if (found := answer(case, mode)) != case.expected[mode]
    ]
    assert differing == []


def test_the_table_is_long_enough_to_mean_something() -> None:
    found = cases()

    assert len(found) >= 60
    assert len({(case.who, case.action, case.thing) for case in found}) == len(found)
