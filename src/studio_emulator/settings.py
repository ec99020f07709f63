"""The emulator's settings, given when it starts. Imports little, because the command line uses it too."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class EmulatorSettings:
    """The emulator's behaviour where AWS is slow, undocumented or different from account to account.

    Args:
        transition_seconds: The time that Pending, Updating and Deleting last. AWS needs seconds to minutes.
        nfs_groups_go: Whether the two NFS security groups follow when a domain is deleted together with its file
            system. AWS does not say; hashicorp/terraform-provider-aws#20986 reports both.
        access_points_stay: Whether a deleted user profile leaves its EFS access point behind, as it leaves its files.
        deleted_apps_seconds: The time that DescribeApp still knows an app that is Deleted; AWS keeps it for 24 hours.
        volume_modification_seconds: The time in which a disk refuses a second change of size. AWS refuses it for 6 to
            24 hours (aws/amazon-sagemaker-feedback#160); 0 lets a rehearsal go on.
        registration_seconds: How long after an app is InService StartSession still fails inside AWS. How long it is on
            AWS is not known; its toolkit tries again for 7 seconds.
        update_space_takes_type: Whether UpdateSpace accepts the AppType that the space has. In 2024 AWS refused it
            (hashicorp/terraform-provider-aws#38370, boto/boto3#4375); the provider still sends it.
        detach_default_script: Whether an empty LifecycleConfigArns is accepted while a default resource spec names a
            script. AWS's guide detaches so, and does not say what becomes of the default.
        unique_domain_names: Whether the name of a domain is taken once in a region. AWS does not say.
        maximum_apps: The most apps of one type that may run on one type of instance; None leaves that to the quotas.
        quotas: The values of quotas that differ from AWS's defaults, by quota code.
        quotas_have_values: Whether Service Quotas knows a value of the account for every quota. Of some AWS tells the
            default alone, and does not say which: without this, those in `quotas` have one.
        enforce_quotas: Whether profiles, spaces and apps beyond their quotas are refused, as on AWS. Left out, a team
            of five can be rehearsed although a new account may have two profiles. An editor on a type of instance of
            which the account may have none is refused in any case.
        run_lifecycle: Whether an app runs its lifecycle configurations when it starts, in separate namespaces on this
            machine.
        accept_any_key: Whether requests are let in whoever signed them, or nobody: for tests of other programs. It
            excludes `run_lifecycle`: every user of the machine could run code as the one who started the emulator.
        run_training: Whether training jobs run, each in its namespaces on this machine; without it
            CreateTrainingJob is refused. They reach what `lifecycle_network` and `lifecycle_allow` say, as far as their
            VPC lets them. Who accepts any key runs none.
        training_stop_seconds: The time that the program of a stopped job may go on after SIGTERM: on AWS 120.
        training_packages: The Python packages of images in the account's own registry, by the names of distributions
            that are installed where the emulator runs. Such images have boto3 in any case.
        lifecycle_seconds: An app fails when one of them takes longer. AWS gives them 5 minutes.
        lifecycle_network: The network of scripts: "internet" and the emulator, "emulator" alone, or "none".
        lifecycle_allow: `host` or `host:port` of this machine or its network that they may reach too, with "internet".
        editor_first: Whether the editor has made its directories in the home when they begin. AWS does not say:
            `start-code-editor` makes them, and AWS's own scripts for Studio restart a server that runs already.
        closed_domains_need_groups: Whether a VpcOnly domain without security groups in its default user settings is
            refused. The API reference calls them required there; the acceptance tests of Terraform's provider made such
            domains on AWS (hashicorp/terraform-provider-aws#35416).
        rootless_docker_needs_docker: Whether a domain is refused that has RootlessDocker enabled and Docker not. AWS's
            guide says that both are to be set, and not what happens otherwise.
        mounts_need_homes: Whether a domain without a home file system, and its profiles, may not ask for it to be
            mounted (AutoMountHomeEFS). AWS does not say.
        mounts_need_directories: Whether an app fails that mounts a user's directory of a home file system in which the
            user never had an app that mounted it. AWS does not say: a mount of EFS makes such a directory where the
            access point says whose it is to be, and fails otherwise.
        sso_users: Of whom a domain of IAM Identity Center takes profiles: "assigned", who may use its application;
            "known", who is in the directory; "any". CloudFormation's page wants the first, the API reference the
            second.
        private_spaces_need_app_type: Whether a private space whose settings lack AppType is refused. AWS's refusal is
            known for requests without any settings only (hashicorp/terraform-provider-aws#38370).
        endpoints_lack_zones: Zones in which a service has no interface endpoints, by AWS's name of the service. One
            that lacks all of a region is not there. Which zones lack which services differs from account to account.
        record_permissions: Whether all permissions that requests need are noted, for `server.permissions`. Slower.
        trail_seconds: After how long LookupEvents shows a call. AWS needs about five minutes, and promises nothing.
        cost_explorer: US dollars an hour by instance type, for Cost Explorer, which counts the hours of apps and jobs
            on these types; None where the account has not enabled it.
        cost_explorer_seconds: After how long it knows what was used. AWS needs up to 24 hours.
        cost_allocation_tags: Tags that somebody has activated for billing.
        scripts_are_of_one_app: Whether the settings of an app take lifecycle configurations for this app alone. AWS's
            pages do not say what it does with others.
        rstudio_licence: Whether the account has a licence for RStudio. Without one a domain with RStudio fails.
    """

    transition_seconds: float = 0.3
    nfs_groups_go: bool = True
    access_points_stay: bool = True
    deleted_apps_seconds: float = 24 * 3600
    volume_modification_seconds: float = 0
    run_lifecycle: bool = False
    accept_any_key: bool = False
    run_training: bool = True
    training_stop_seconds: float = 120
    training_packages: tuple[str, ...] = ()
    lifecycle_seconds: float = 300
    lifecycle_network: str = "internet"
    lifecycle_allow: tuple[str, ...] = ()
    editor_first: bool = True
    registration_seconds: float = 0.3
    closed_domains_need_groups: bool = False
    rootless_docker_needs_docker: bool = False
    mounts_need_homes: bool = False
    mounts_need_directories: bool = False
    sso_users: str = "assigned"
    private_spaces_need_app_type: bool = False
    endpoints_lack_zones: dict[str, list[str]] = field(default_factory=dict)
    record_permissions: bool = False
    scripts_are_of_one_app: bool = True
    rstudio_licence: bool = False
    trail_seconds: float = 0
    cost_explorer: dict[str, float] | None = None
    cost_explorer_seconds: float = 24 * 3600
    cost_allocation_tags: tuple[str, ...] = ()
    update_space_takes_type: bool = True
    detach_default_script: bool = True
    unique_domain_names: bool = True
    maximum_apps: int | None = None
    quotas: dict[str, float] = field(default_factory=dict)
    quotas_have_values: bool = True
    enforce_quotas: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError for settings that exclude each other."""
        if self.accept_any_key and self.run_lifecycle:
            raise ValueError("who accepts any key runs no lifecycle scripts: any local user could start them")

    @property
    def runs_jobs(self) -> bool:
        """Whether training jobs run."""
        return self.run_training and not self.accept_any_key

    @property
    def runs_code(self) -> bool:
        """Whether anything runs in namespaces on this machine."""
        return self.run_lifecycle or self.runs_jobs

    def to_json(self) -> str:
        """One line that `from_json` reads back."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "EmulatorSettings":
        """Raises TypeError for a setting that does not exist."""
        return cls.of(json.loads(text))

    @classmethod
    def of(cls, known: Mapping[str, Any]) -> "EmulatorSettings":
        """Read the members of its JSON; those that are left out are AWS-like. Raises as `from_json` does."""
        lists = {
            name: tuple(known.get(name, ()))
            for name in ("lifecycle_allow", "training_packages", "cost_allocation_tags")
        }
        return cls(**{**known, **lists})
