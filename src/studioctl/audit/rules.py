"""Our own rules: what the engines do not look at, because they know neither studio.toml nor SageMaker Studio.

Prices are AWS's list prices in us-east-1 on the pages named, in 2026.
"""

from studioctl.findings import Rule, Severity, Subject

_DOMAINS = "https://docs.aws.amazon.com/sagemaker/latest/dg"

MANAGED = Rule(
    "STUDIO-001",
    Severity.HIGH,
    "The role has AWS's own policies, which are not about this environment",
    "They allow actions on everything in the account that has a fitting name, or on everything: other people's secrets,"
    " images and jobs.",
    'permissions = "scoped" under [iam]',
    f"{_DOMAINS}/security-iam-awsmanpol.html",
    key=("iam", "permissions"),
    cost="no money; what a team needs more is named in extra_statements",
    subject=Subject.FILE,
)
OPEN_INTERNET = Rule(
    "STUDIO-002",
    Severity.LOW,
    "Apps reach the whole internet, through a network of SageMaker's",
    "Nothing comes in, but what runs in a space can carry data anywhere, and no flow log sees it.",
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
    "They are encrypted. But you cannot see in a log who used the key, nor take it away.",
    "customer_key = true under [encryption], before the domain exists",
    f"{_DOMAINS}/encryption-at-rest-studio.html",
    key=("encryption", "customer_key"),
    cost="1 USD a month for a key (aws.amazon.com/kms/pricing); on an existing domain a move of all data",
    subject=Subject.FILE,
)
NO_FLOW_LOGS = Rule(
    "STUDIO-004",
    Severity.LOW,
    "Connections in the VPC are not logged",
    "After an incident nobody can say where data went.",
    "flow_logs = true under [network]",
    "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html",
    key=("network", "flow_logs"),
    cost="up to 0.50 USD a GB of logs (aws.amazon.com/cloudwatch/pricing, vended logs)",
    subject=Subject.FILE,
)
LONG_IDLE = Rule(
    "STUDIO-005",
    Severity.LOW,
    "An app that nobody uses goes on for longer than a working day",
    "It is paid for, and its credentials work, while nobody looks.",
    "idle_timeout_minutes = 60 under [studio]",
    f"{_DOMAINS}/studio-updated-idle-shutdown.html",
    key=("studio", "idle_timeout_minutes"),
    cost="saves money; what runs silently in a terminal counts as idle",
    subject=Subject.FILE,
)
DOCKER = Rule(
    "STUDIO-006",
    Severity.LOW,
    "Containers can be built and run in Studio",
    "Whatever image a user pulls runs beside the editor, with the role's credentials in reach.",
    "docker = false under [studio]",
    f"{_DOMAINS}/studio-updated-local.html",
    key=("studio", "docker"),
    cost="no money; images are built elsewhere then",
    subject=Subject.FILE,
)
REMOTE_ACCESS = Rule(
    "STUDIO-007",
    Severity.LOW,
    "A local editor may connect to a space",
    "What is on a laptop, and whoever has it, reaches what the space reaches.",
    "remote_access = false under [studio]",
    f"{_DOMAINS}/remote-access-remote-setup.html",
    key=("studio", "remote_access"),
    cost="no money; people work in the browser then",
    subject=Subject.FILE,
)
SHARED_ROLE = Rule(
    "STUDIO-008",
    Severity.MEDIUM,
    "Several people work with one role",
    "Each reaches the same data, by a job that mounts the file system also the home directories of the others, and"
    " CloudTrail shows the role, not the person.",
    "per_user_roles = true under [iam]",
    f"{_DOMAINS}/monitor-user-access.html",
    key=("iam", "per_user_roles"),
    cost="no money; a role and a prefix in the bucket for each user",
    subject=Subject.FILE,
)
PASS_ANY_ROLE = Rule(
    "STUDIO-009",
    Severity.HIGH,
    "Any role of the account can be passed on",
    "A job that is started with the most powerful role does what its starter may not.",
    'permissions = "scoped" under [iam]; in extra_statements, name the roles, and the service in iam:PassedToService',
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    key=("iam", "permissions"),
    cost="no money",
    subject=Subject.PLAN,
)
UNPINNED = Rule(
    "STUDIO-010",
    Severity.LOW,
    "The editor gets the newest version of something from the internet",
    "What its authors publish next, or somebody in their name, runs with the role's permissions, unseen by you.",
    "write the version: uv==0.9.9, eamodio.gitlens@17.0.0",
    "https://slsa.dev/spec/v1.0/threats",
    key=("editor",),
    cost="no money; somebody raises the versions now and then",
    subject=Subject.FILE,
)
CHANGES_POWERS = Rule(
    "STUDIO-011",
    Severity.HIGH,
    "A role can change what a role, user or group may do",
    "Whoever has it can give more to themselves or to others, or take a bound away. A condition or a named resource"
    " is no excuse, unless all that can be attached are policies of this environment that allow nothing.",
    "in extra_statements, leave out what changes policies, boundaries and trust",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_controlling.html",
    key=("iam", "extra_statements"),
    cost="no money; an administrator changes what roles may do",
    subject=Subject.PLAN,
)

OPEN_ACCOUNT = Rule(
    "STUDIO-101",
    Severity.MEDIUM,
    "The account lets buckets be public",
    "The environment's bucket is closed by itself; one that a user makes may not be.",
    "aws s3control put-public-access-block --account-id {account} --public-access-block-configuration"
    " BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true{flags}",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    cost="free; look first whether a bucket of the account is public on purpose",
    subject=Subject.ACCOUNT,
)
NO_TRAIL = Rule(
    "STUDIO-102",
    Severity.HIGH,
    "No trail records what is done in this region",
    "CloudTrail's own history ends after 90 days, and whoever has the account can not be followed further back.",
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
    "What a notebook puts there may be for everybody to read, or was written by anybody.",
    "aws s3api put-public-access-block --bucket {bucket} --public-access-block-configuration"
    " BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true{flags}",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    key=("storage", "extra_buckets"),
    cost="free; look first whether it is public on purpose",
    subject=Subject.ACCOUNT,
)
NO_ROOT_MFA = Rule(
    "STUDIO-104",
    Severity.HIGH,
    "The account's root user signs in with a password alone",
    "Who guesses or steals it owns everything here, whatever the roles say.",
    "sign in as root, then register a device: https://console.aws.amazon.com/iam/home#/security_credentials",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/enable-mfa-for-root.html",
    cost="free with an authenticator app",
    subject=Subject.ACCOUNT,
)
ATTACHED_ELSEWHERE = Rule(
    "STUDIO-105",
    Severity.HIGH,
    "The role has a policy that the file does not know",
    "Somebody attached it past this file: no plan shows it, and no review of the file sees it.",
    "aws iam detach-role-policy --role-name {role} --policy-arn {policy}{flags}",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-attach-detach.html",
    cost="no money; whoever needs it writes it into extra_statements",
    subject=Subject.ACCOUNT,
)
UNGUARDED = Rule(
    "STUDIO-106",
    Severity.HIGH,
    "The file has limits, and no guard enforces them",
    "Nothing is stopped at a limit, and nobody is warned.",
    "{command}",
    "https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-state.html",
    key=("limits",),
    cost="the guard's own, which studioctl cost tells: less than a dollar a month",
    subject=Subject.ACCOUNT,
)
CHANGED_POLICY = Rule(
    "STUDIO-107",
    Severity.HIGH,
    "A policy of the environment is not what the file makes it",
    "Somebody changed the policy, or the file was changed after the last up: roles may do what no review of the file"
    " sees, or a hold of the guard forbids nothing.",
    "studioctl up",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html",
    cost="no money; whoever needs the change writes it into extra_statements",
    subject=Subject.ACCOUNT,
)

NO_ACCOUNT = Rule(
    "STUDIO-090",
    Severity.MEDIUM,
    "Something of the account could not be looked at",
    "What is not looked at may be wrong.",
    "aws sts get-caller-identity",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html",
    cost="a permission to read; --offline leaves the account out",
    subject=Subject.ACCOUNT,
)
NO_ENGINE = Rule(
    "STUDIO-091",
    Severity.MEDIUM,
    "An engine could not look",
    "What it would find is not told.",
    "{remedy}",
    "https://www.checkov.io/2.Basics/Installing%20Checkov.html",
    cost="no money, and some hundred MB of disk",
    subject=Subject.PLAN,
)
UNREAD_POLICY = Rule(
    "STUDIO-092",
    Severity.LOW,
    "What AWS's own policies allow only an account can tell, and none was asked",
    "AWS changes its own policies, so no copy of them is kept here.",
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
