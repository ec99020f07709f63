"""A living environment with the guard that `up` would have made, from the same blocks, without Terraform."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.config import Config
from tests.functional.living import NAME, REGION, Living, living
from tests.unit.emulator.emulated import SESSION, TRUST

from studio_emulator import controls, server
from studio_emulator.server import ACCOUNT_ID
from studioctl.audit import rules
from studioctl.config.load import load
from studioctl.guard import store
from studioctl.guard.ledger import Ledger
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.block import Data, Resource
from studioctl.infrastructure.guard import HANDLER, archived
from studioctl.infrastructure.naming import ENVIRONMENT_TAG, Naming

BUCKET = f"{NAME}-data-{ACCOUNT_ID}"
WORKS = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}]}
)


class Guarded:
    """The environment, its guard, and its users at work."""

    def __init__(self, home: Living, users: Sequence[str]) -> None:
        self.home = home
        self.users = users
        self.emulator = home.emulator

    def forward(self, **change: Any) -> str:
        """Sets the clock; the time then."""
        return str(controls.clock(self.emulator, change)["now"])

    def skip(self, to: str) -> None:
        """Sets the clock while the schedule rests: a month of calls takes minutes."""
        scheduler = self.home.client("scheduler")
        told = scheduler.get_schedule(Name=f"{NAME}-guard")
        kept = {key: told[key] for key in ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")}
        scheduler.update_schedule(**kept, State="DISABLED")
        self.forward(to=to)
        scheduler.update_schedule(**kept, State="ENABLED")

    def client(self, user: str, service: str = "sagemaker") -> Any:
        """A client with a session of the user's role. Throttling is tried again, often."""
        variables = server.session(self.emulator, REGION, user)
        return SESSION.client(
            service,  # type: ignore[call-overload]
            region_name=REGION,
            endpoint_url=self.emulator.endpoint_url,
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=variables["AWS_SESSION_TOKEN"],
            config=Config(retries={"mode": "standard", "total_max_attempts": 12}),
        )

    def app(self, user: str) -> dict[str, str]:
        """The parameters that name the user's editor."""
        space = f"{user}-editor"
        return {"DomainId": self.home.domain_id, "SpaceName": space, "AppType": "CodeEditor", "AppName": "default"}

    def start(self, user: str, instance_type: str = "ml.t3.medium") -> None:
        """As the user does it in Studio. Raises ClientError when that is denied."""
        self.client(user).create_app(**self.app(user), ResourceSpec={"InstanceType": instance_type})

    def status(self, user: str) -> str:
        """Of the user's editor."""
        return str(self.home.studio.sagemaker.describe_app(**self.app(user))["Status"])  # type: ignore[arg-type]

    def ledger(self) -> Ledger:
        """As the guard has written it."""
        found, _ = store.read(self.home.client("s3"), BUCKET)
        assert found is not None
        return found

    def call(self, at: str) -> dict[str, Any]:
        """The guard is called, once more, for this time."""
        answer = self.home.client("lambda").invoke(FunctionName=f"{NAME}-guard", Payload=json.dumps({"time": at}))
        told = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, told
        return dict(told)

    def diagnosis(self) -> list[dict[str, str]]:
        """The doctor's findings about the guard."""
        told = json.loads(self.home.run("doctor", "--json", expect=None).out)
        return [finding for finding in told["findings"] if finding["group"] == "Limits"]

    def unguarded(self) -> list[str]:
        """The audit's findings about the guard."""
        told = json.loads(self.home.run("audit", "--json", expect=None).out)
        return [finding["message"] for finding in told["findings"] if finding["id"] == rules.UNGUARDED.id]

    def held(self, user: str) -> bool:
        """Whether the user's role has the policy that forbids to start anything."""
        pages = self.home.studio.iam.list_attached_role_policies(RoleName=f"{NAME}-execution-{user}")
        return any(policy["PolicyName"] == f"{NAME}-hold" for policy in pages["AttachedPolicies"])


@contextmanager
def guarded(
    directory: Path, users: Sequence[str], limits: str, *, more: str = "", **settings: Any
) -> Iterator[Guarded]:
    """An environment of these users with these limits; its clock stands at 1 December 2036, 06:00 UTC.

    `more`: other tables of its file.
    """
    with living(directory, users={user: (f"{user}-editor",) for user in users}, **settings) as home:
        people = "".join(f'[[users]]\nname = "{user}"\n' for user in users)
        home.shell.write(
            f'name = "{NAME}"\nregion = "{REGION}"\n[iam]\nper_user_roles = true\n[limits]\n{limits}\n{more}\n{people}'
        )
        controls.clock(home.emulator, {"to": "2036-12-01T06:00:00", "stand": True})
        _furnish(home, users)
        yield Guarded(home, users)


def _furnish(home: Living, users: Sequence[str]) -> None:
    config = load(home.shell.directory / "studio.toml")
    iam, made = home.studio.iam, Naming.of(config)
    known = {
        "aws_s3_bucket.data": f"arn:aws:s3:::{BUCKET}",
        "aws_sns_topic.guard": home.client("sns").create_topic(Name=made.guard)["TopicArn"],
        "aws_sagemaker_domain.studio": home.domain_id,
        "aws_cloudwatch_log_group.guard": f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/aws/lambda/{made.guard}",
        "aws_lambda_function.guard": f"arn:aws:lambda:{REGION}:{ACCOUNT_ID}:function:{made.guard}",
    }
    home.client("s3").create_bucket(Bucket=BUCKET)
    home.client("logs").create_log_group(logGroupName=f"/aws/lambda/{made.guard}")
    for user in users:
        role = iam.create_role(RoleName=made.user_role(user), AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        iam.put_role_policy(RoleName=made.user_role(user), PolicyName="works", PolicyDocument=WORKS)
        profile: Any = {"DomainId": home.domain_id, "UserProfileName": user, "UserSettings": {"ExecutionRole": role}}
        home.studio.sagemaker.update_user_profile(**profile)
        known[f"aws_iam_role.execution_{user}"] = role
    execution = iam.create_role(RoleName=made.execution_role, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    known["aws_iam_role.execution"] = execution
    controls.clock(home.emulator, {"forward": 1})
    blocks = {
        b.address: b for m in blueprint.build(config).modules for b in m.blocks if isinstance(b, (Data, Resource))
    }

    if config.tuning.has_database:
        known["aws_rds_cluster.tuning"] = _database(home, blocks["aws_rds_cluster.tuning"].arguments)

    def document(name: str) -> str:
        return _document(blocks[f"data.aws_iam_policy_document.{name}"].arguments, known)

    known["aws_iam_policy.hold"] = iam.create_policy(PolicyName=made.policy("hold"), PolicyDocument=document("hold"))[
        "Policy"
    ]["Arn"]
    roles = {}
    for name, label in ((made.guard, "guard"), (made.guard_caller, "guard_schedule")):
        roles[label] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(f"{label}_trust"))["Role"][
            "Arn"
        ]
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=document(label))
    home.client("lambda").create_function(
        FunctionName=made.guard,
        Role=roles["guard"],
        Runtime="python3.13",
        Handler=HANDLER,
        Timeout=120,
        Code={"ZipFile": archived(config, made)},
        Environment={
            "Variables": {
                "DOMAIN_ID": home.domain_id,
                "BUCKET": BUCKET,
                "POLICY_ARN": known["aws_iam_policy.hold"],
                "TOPIC_ARN": known["aws_sns_topic.guard"],
            }
        },
    )
    schedule = blocks["aws_scheduler_schedule.guard"].arguments
    home.client("scheduler").create_schedule(
        Name=made.guard,
        ScheduleExpression=schedule["schedule_expression"],
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": known["aws_lambda_function.guard"],
            "RoleArn": roles["guard_schedule"],
            "Input": schedule["target"]["input"],
        },
    )


def _database(home: Living, wanted: Mapping[str, Any]) -> str:
    """The cluster and its instance; the cluster's ARN."""
    rds, name = home.client("rds"), str(wanted["cluster_identifier"])
    (bounds,) = wanted["serverlessv2_scaling_configuration"]
    arn = rds.create_db_cluster(
        DBClusterIdentifier=name,
        Engine=wanted["engine"],
        MasterUsername=wanted["master_username"],
        ManageMasterUserPassword=True,
        DatabaseName=wanted["database_name"],
        EnableHttpEndpoint=True,
        DeletionProtection=True,
        ServerlessV2ScalingConfiguration={"MinCapacity": bounds["min_capacity"], "MaxCapacity": bounds["max_capacity"]},
        Tags=[{"Key": key, "Value": value} for key, value in {**wanted["tags"], ENVIRONMENT_TAG: NAME}.items()],
    )["DBCluster"]["DBClusterArn"]
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBClusterIdentifier=name,
        Engine=wanted["engine"],
        DBInstanceClass="db.serverless",
    )
    return str(arn)


def _document(arguments: Mapping[str, Any], known: Mapping[str, str]) -> str:
    """A policy document as Terraform would make it of its data source."""

    def filled(text: Any) -> str:
        found = str(text).replace("${data.aws_partition.current.partition}", "aws")
        found = found.replace("${data.aws_caller_identity.current.account_id}", ACCOUNT_ID)
        return re.sub(r"\$\{([\w-]+\.[\w-]+)\.\w+\}", lambda ref: known[ref[1]], found)

    statements = []
    for told in arguments["statement"]:
        statement: dict[str, Any] = {"Effect": told.get("effect", "Allow"), "Action": told["actions"]}
        if "principals" in told:
            statement["Principal"] = {each["type"]: each["identifiers"] for each in told["principals"]}
        else:
            statement["Resource"] = [filled(each) for each in told["resources"]]
        for each in told.get("condition", ()):
            tests = statement.setdefault("Condition", {}).setdefault(each["test"], {})
            tests[each["variable"]] = [filled(value) for value in each["values"]]
        statements.append(statement)
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
