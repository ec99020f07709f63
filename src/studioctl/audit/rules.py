"""Our own rules: what the engines do not look at, because they know neither studio.toml nor SageMaker Studio.

Prices are AWS's list prices in us-east-1 on the pages named, in 2026.
"""

from studioctl.findings import Rule, Severity, Subject

_DOMAINS = "https://docs.aws.amazon.com/sagemaker/latest/dg"

MANAGED = Rule(
    "STUDIO-001",
    Severity.HIGH,
    "The role has AWS managed policies, which are not limited to this environment",
    "They allow actions on every resource in the account with a matching name, or on all resources: other people's"
    " secrets, images and jobs.",
    'permissions = "scoped" under [iam]',
    f"{_DOMAINS}/security-iam-awsmanpol.html",
    key=("iam", "permissions"),
    cost="no money; further permissions of a team go into extra_statements",
    subject=Subject.FILE,
)
OPEN_INTERNET = Rule(
    "STUDIO-002",
    Severity.LOW,
    "Apps reach the whole internet, through SageMaker's network",
    "Nothing comes in, but programs in a space can send data anywhere, and no flow log records it.",
    'access = "vpc-only" under [network]',
    f"{_DOMAINS}/studio-updated-and-internet-access.html",
    key=("network", "access"),
    cost="0.045 USD an hour and 0.045 USD a GB for a NAT gateway (aws.amazon.com/vpc/pricing)",
    subject=Subject.FILE,
)
AWS_KEY = Rule(
    "STUDIO-003",
    Severity.LOW,
    "Home directories and volumes are encrypted with AWS's key, not your own",
    "The data is encrypted, but no log shows you who used the key, and you cannot revoke it.",
    "customer_key = true under [encryption], before the domain exists",
    f"{_DOMAINS}/encryption-at-rest-studio.html",
    key=("encryption", "customer_key"),
    cost="1 USD a month for a key (aws.amazon.com/kms/pricing); an existing domain must move all data",
    subject=Subject.FILE,
)
NO_FLOW_LOGS = Rule(
    "STUDIO-004",
    Severity.LOW,
    "Connections in the VPC are not logged",
    "After an incident, nobody can tell where data went.",
    "flow_logs = true under [network]",
    "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html",
    key=("network", "flow_logs"),
    cost="up to 0.50 USD a GB of logs (aws.amazon.com/cloudwatch/pricing, vended logs)",
    subject=Subject.FILE,
)
LONG_IDLE = Rule(
    "STUDIO-005",
    Severity.LOW,
    "An unused app keeps running for longer than a working day",
    "It costs money, and its credentials work, while nobody is watching.",
    "idle_timeout_minutes = 60 under [studio]",
    f"{_DOMAINS}/studio-updated-idle-shutdown.html",
    key=("studio", "idle_timeout_minutes"),
    cost="saves money; silent programs in a terminal count as idle",
    subject=Subject.FILE,
)
DOCKER = Rule(
    "STUDIO-006",
    Severity.LOW,
    "Containers can be built and run in Studio",
    "Any image that a user pulls runs beside the editor and can use the role's credentials.",
    "docker = false under [studio]",
    f"{_DOMAINS}/studio-updated-local.html",
    key=("studio", "docker"),
    cost="no money; images must be built elsewhere",
    subject=Subject.FILE,
)
REMOTE_ACCESS = Rule(
    "STUDIO-007",
    Severity.LOW,
    "A local editor may connect to a space",
    "A laptop, with its programs and anybody who has it, can reach everything that the space can.",
    "remote_access = false under [studio]",
    f"{_DOMAINS}/remote-access-remote-setup.html",
    key=("studio", "remote_access"),
    cost="no money; users must work in the browser",
    subject=Subject.FILE,
)
SHARED_ROLE = Rule(
    "STUDIO-008",
    Severity.MEDIUM,
    "Several users share one role",
    "Each can reach the same data and, with a job that mounts the file system, the home directories of the others."
    " CloudTrail shows the role, not the user.",
    "per_user_roles = true under [iam]",
    f"{_DOMAINS}/monitor-user-access.html",
    key=("iam", "per_user_roles"),
    cost="no money; a role and a prefix in the bucket for each user",
    subject=Subject.FILE,
)
PASS_ANY_ROLE = Rule(
    "STUDIO-009",
    Severity.HIGH,
    "Any role of the account can be passed to a service",
    "A job with the most powerful role can do what its starter may not.",
    'permissions = "scoped" under [iam]; in extra_statements, name the roles, and the service in iam:PassedToService',
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    key=("iam", "permissions"),
    cost="no money",
    subject=Subject.PLAN,
)
UNPINNED = Rule(
    "STUDIO-010",
    Severity.LOW,
    "The editor installs an unpinned version from the internet",
    "The next version that its authors, or somebody in their name, publish runs with the role's permissions, without"
    " your review.",
    "write the version: uv==0.9.9, eamodio.gitlens@17.0.0",
    "https://slsa.dev/spec/v1.0/threats",
    key=("editor",),
    cost="no money; somebody must update the versions from time to time",
    subject=Subject.FILE,
)
CHANGES_POWERS = Rule(
    "STUDIO-011",
    Severity.HIGH,
    "A role can change the permissions of a role, user or group",
    "Its users can give themselves or others more permissions, or remove a boundary. A condition or a named resource"
    " does not prevent that, unless only policies of this environment that allow nothing can be attached.",
    "in extra_statements, remove actions that change policies, boundaries and trust",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_controlling.html",
    key=("iam", "extra_statements"),
    cost="no money; an administrator changes the roles' permissions",
    subject=Subject.PLAN,
)

OPEN_ACCOUNT = Rule(
    "STUDIO-101",
    Severity.MEDIUM,
    "The account allows public buckets",
    "The environment's own bucket is private, but one that a user creates may not be.",
    "aws s3control put-public-access-block --account-id {account} --public-access-block-configuration"
    " BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true{flags}",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    cost="free; first check whether a bucket of the account is public on purpose",
    subject=Subject.ACCOUNT,
)
NO_TRAIL = Rule(
    "STUDIO-102",
    Severity.HIGH,
    "No trail records activity in this region",
    "CloudTrail's own history ends after 90 days. Older activity of an attacker cannot be traced.",
    "aws cloudtrail create-trail --name account --is-multi-region-trail --enable-log-file-validation"
    " --s3-bucket-name BUCKET{flags}",
    "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-create-and-update-a-trail-by-using-the-aws-cli.html",
    cost="the first copy of management events is free (aws.amazon.com/cloudtrail/pricing); S3 keeps it for cents",
    subject=Subject.ACCOUNT,
)
OPEN_BUCKET = Rule(
    "STUDIO-103",
    Severity.HIGH,
    "A bucket that the role may write to can be public",
    "Anybody may be able to read what a notebook stores there, or to write what it reads.",
    "aws s3api put-public-access-block --bucket {bucket} --public-access-block-configuration"
    " BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true{flags}",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    key=("storage", "extra_buckets"),
    cost="free; first check whether it is public on purpose",
    subject=Subject.ACCOUNT,
)
NO_ROOT_MFA = Rule(
    "STUDIO-104",
    Severity.HIGH,
    "The account's root user signs in with only a password",
    "Anybody who guesses or steals it controls everything here, whatever the roles allow.",
    "sign in as root, then register a device: https://console.aws.amazon.com/iam/home#/security_credentials",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/enable-mfa-for-root.html",
    cost="free with an authenticator app",
    subject=Subject.ACCOUNT,
)
ATTACHED_ELSEWHERE = Rule(
    "STUDIO-105",
    Severity.HIGH,
    "The role has a policy that is not in the file",
    "Somebody attached it outside this file, so no plan or review of the file shows it.",
    "aws iam detach-role-policy --role-name {role} --policy-arn {policy}{flags}",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-attach-detach.html",
    cost="no money; write it into extra_statements if somebody needs it",
    subject=Subject.ACCOUNT,
)
UNGUARDED = Rule(
    "STUDIO-106",
    Severity.HIGH,
    "The file has limits, but no guard enforces them",
    "Nothing stops at a limit, and nobody is warned.",
    "{command}",
    "https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-state.html",
    key=("limits",),
    cost="that of the guard, which studioctl cost shows: less than a dollar a month",
    subject=Subject.ACCOUNT,
)
CHANGED_POLICY = Rule(
    "STUDIO-107",
    Severity.HIGH,
    "A policy of the environment differs from the file",
    "Somebody changed the policy, or the file changed after the last up. Roles may have permissions that no review of"
    " the file shows, or a hold of the guard may deny nothing.",
    "studioctl up",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html",
    cost="no money; write the change into extra_statements if somebody needs it",
    subject=Subject.ACCOUNT,
)

NO_ACCOUNT = Rule(
    "STUDIO-090",
    Severity.MEDIUM,
    "A part of the account could not be checked",
    "There may be problems in the parts that were not checked.",
    "aws sts get-caller-identity",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
    cost="a read permission; --offline skips the account",
    subject=Subject.ACCOUNT,
)
NO_ENGINE = Rule(
    "STUDIO-091",
    Severity.MEDIUM,
    "An engine could not run",
    "Its findings are missing.",
    "{remedy}",
    "https://www.checkov.io/2.Basics/Installing%20Checkov.html",
    cost="no money, and some hundred MB of disk",
    subject=Subject.PLAN,
)
UNREAD_POLICY = Rule(
    "STUDIO-092",
    Severity.LOW,
    "AWS managed policies can only be read from an account, and none was asked",
    "AWS changes its own policies, so studioctl keeps no copy of them.",
    "run it without --offline",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioned.html",
    key=("iam", "permissions"),
    cost="no money",
    subject=Subject.PLAN,
)

# How an audit went, which differs from machine to machine.
OF_THE_LOOK = (NO_ACCOUNT, NO_ENGINE, UNREAD_POLICY)

RULES: tuple[Rule, ...] = (
    MANAGED,
    OPEN_INTERNET,
    AWS_KEY,
    NO_FLOW_LOGS,
    LONG_IDLE,
    DOCKER,
    REMOTE_ACCESS,
    SHARED_ROLE,
    PASS_ANY_ROLE,
    CHANGES_POWERS,
    UNPINNED,
    NO_ACCOUNT,
    NO_ENGINE,
    UNREAD_POLICY,
    OPEN_ACCOUNT,
    NO_TRAIL,
    OPEN_BUCKET,
    NO_ROOT_MFA,
    ATTACHED_ELSEWHERE,
    UNGUARDED,
    CHANGED_POLICY,
)
