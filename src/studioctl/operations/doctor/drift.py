"""Differences from the file that Terraform does not see."""

from collections.abc import Iterator, Sequence
from typing import Any

from studioctl.aws.values import SETTINGS
from studioctl.catalog.images import ending
from studioctl.findings import Finding, Rule, Severity
from studioctl.infrastructure.naming import Naming, kept_tags
from studioctl.operations.doctor.check import Check, Group, Needs
from studioctl.operations.doctor.images import POLICY, with_newest
from studioctl.operations.doctor.patient import EXAMINED_SPACES, Patient
from studioctl.operations.spaces.remote_requirements import large_enough

MOST = 5  # things with other tags that are named
UPDATE_SPACE = "aws sagemaker update-space --domain-id {domain} --space-name {space} --space-settings "
RESTART = "studioctl restart {space}{ours}"
OPEN = Rule(
    "DRF001",
    Severity.WARNING,
    "A space allows remote access, but the file does not",
    "The AWS provider cannot set it, so Terraform neither sees nor corrects it. It takes effect when the space starts.",
    "for space in {spaces}; do " + UPDATE_SPACE.replace("{space}", "$space") + "RemoteAccess=DISABLED{flags}; done",
    "https://github.com/hashicorp/terraform-provider-aws/issues/44553",
    key=("studio", "remote_access"),
)
NOT_OPENED = Rule(
    "DRF009",
    Severity.INFO,
    "The file allows remote access, but a space does not yet",
    "The AWS provider cannot set it. The first `connect` does, and restarts the space.",
    "studioctl connect {space}{ours}{larger}",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access-remote-setup.html",
    key=("studio", "remote_access"),
)
OTHER_INSTANCE = Rule(
    "DRF002",
    Severity.WARNING,
    "An editor runs on a different instance type than its space's setting",
    "You pay for that instance until the editor is restarted. Files are kept.",
    RESTART,
    "https://docs.aws.amazon.com/sagemaker/latest/dg/code-editor-use-instances.html",
)
BY_HAND = Rule(
    "DRF003",
    Severity.INFO,
    "The domain has resources that people created and the file does not list",
    "`plan` and `up` do not know them, and they count against the quotas. `studioctl down` names them and removes them"
    " too.",
    "write it into {file}, or leave it as it is",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-spaces.html",
    key=("users",),
)
TAKEN_OUT = Rule(
    "DRF011",
    Severity.WARNING,
    "The file no longer lists a resource that `up` created, and the next `up` destroys it",
    "Deleting a space deletes its volume, so `up` refuses to delete one that was ever started, unless you allow it.",
    "write it into {file} again, or save its files first: studioctl backup{ours}",
    "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteSpace.html",
    key=("users",),
)
NO_SCRIPT = Rule(
    "DRF004",
    Severity.WARNING,
    "A space does not run the environment's lifecycle configuration",
    "The domain only allows the script. The space must select it, or the editor starts without it.",
    "studioctl up{ours}",
    "https://docs.aws.amazon.com/sagemaker/latest/dg/jl-lcc-create.html",
)
OLD_SCRIPT = Rule(
    "DRF005",
    Severity.INFO,
    "An editor was started with a different lifecycle configuration than its space now selects",
    "The settings in `[editor]` apply at the next start. Files are kept.",
    RESTART,
    "https://docs.aws.amazon.com/sagemaker/latest/dg/studio-lifecycle-configurations.html",
    key=("editor",),
)
OLD_IMAGE = Rule(
    "DRF006",
    Severity.WARNING,
    "The support of a space's image has ended or ends soon",
    "After that day AWS fixes nothing in it, not even security problems.",
    UPDATE_SPACE + "'{settings}={{DefaultResourceSpec={{{value}}}}}'{flags}",
    POLICY,
)
LEFTOVERS = Rule(
    "DRF007",
    Severity.WARNING,
    "A deleted domain has left resources in the environment's VPC",
    "You pay for its file system, and its security groups prevent the deletion of the VPC.",
    "studioctl down{ours}",
    "https://github.com/hashicorp/terraform-provider-aws/issues/20986",
)
WITH_THE_REST = "leave it: the `down` that ends the environment removes it, and keeps home directories"
NOT_ALL = Rule(
    "DRF008",
    Severity.INFO,
    "There are more spaces than the doctor checks one by one",
    "AWS returns the settings of one space per call, and limits the rate of calls.",
    "aws sagemaker describe-space --domain-id {domain} --space-name {space}{flags}",
    "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeSpace.html",
)

KEY_LEAVING = Rule(
    "DRF010",
    Severity.ERROR,
    "The environment's key is scheduled for deletion, and data is encrypted with it",
    "AWS cannot use the key until then. After that, nobody can ever read the data it encrypts. Terraform already treats"
    " the key as deleted, and `up` refuses to create another.",
    "aws kms cancel-key-deletion --key-id {key}{flags} && aws kms enable-key --key-id {key}{flags}",
    "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html",
    key=("encryption", "customer_key"),
)

OTHER_TAGS = Rule(
    "DRF012",
    Severity.WARNING,
    "A user profile or a space does not have the file's tags",
    "AWS does not report that as a change, so plans only see it once a day, when they read everything. Policies and"
    " bills depend on tags.",
    "studioctl up --refresh{ours}",
    "https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html",
    key=("tags",),
)


def _of_space(patient: Patient, rule: Rule, space: str, message: str, **fields: Any) -> Finding:
    """A broken rule whose remedy is about one space."""
    domain_id = patient.domain.id if patient.domain else ""
    return rule.broken(
        message, domain=domain_id, space=space, flags=patient.target.aws_flags, ours=patient.flags, **fields
    )


def _remote_access(patient: Patient) -> Iterator[Finding]:
    allowed = patient.wanted.studio.remote_access
    opened = [space.name for space in patient.examined_spaces if space.remote_access]
    closed = [space.name for space in patient.examined_spaces if not space.remote_access]
    if right := opened if allowed else closed:
        word = "ENABLED" if allowed else "DISABLED"
        yield OPEN.ok(f"remote access is {word}, as the file says: {', '.join(right)}")
    if opened and not allowed:
        message = f"Remote access is ENABLED, and the file says DISABLED: {', '.join(opened)}"
        yield _of_space(patient, OPEN, opened[0], message, spaces=" ".join(opened))
    if closed and allowed:
        message = f"Remote access is not allowed yet, as the file wants it: {', '.join(closed)}"
        larger = large_enough(_runs_on(patient, closed[0]))
        flag = f" --instance-type {larger}" if larger else ""
        yield _of_space(patient, NOT_OPENED, closed[0], message, larger=flag)


def _runs_on(patient: Patient, space: str) -> str | None:
    """The type of instance that a space runs on, or will when it is started."""
    running = {app.space: app.instance_type for app in patient.apps if app.is_running and app.type in SETTINGS}
    settings = {each.name: each.spec.instance_type for each in patient.examined_spaces}
    return running.get(space) or settings.get(space)


def _instances(patient: Patient) -> Iterator[Finding]:
    settings = {space.name: space.spec.instance_type for space in patient.examined_spaces}
    admitted = {space.name: space.types for space in patient.wanted.resolved_spaces()}
    for app in patient.apps:
        set_type = settings.get(app.space or "")
        if app.instance_type in admitted.get(app.space or "", ()):
            continue  # AWS had none of the first
        if app.is_running and app.type in SETTINGS and app.space and set_type and app.instance_type != set_type:
            message = f"Space '{app.space}' runs on {app.instance_type}, and is set to {set_type}"
            at = patient.wanted.place_of(app.space, "instance_type")
            yield _of_space(patient, OTHER_INSTANCE, app.space, message, at=at)


def _not_in_the_file(patient: Patient) -> Iterator[Finding]:
    """Find user profiles and spaces that the file does not list.

    Those with the environment's tag were created by `up`, and the next `up` deletes them. People created the others.
    """
    spaces = {space.name.casefold() for space in patient.wanted.resolved_spaces()}
    users = {user.name.casefold() for user in patient.wanted.users}
    profiles = [profile.name for profile in patient.profiles if profile.name.casefold() not in users]
    extra = [space.name for space in patient.spaces if space.name.casefold() not in spaces]
    made = _made_by_us(patient, profiles, extra)
    titles = [*(f"user profile {name}" for name in profiles), *(f"space {name}" for name in extra)]
    gone, by_hand = ([title for title in titles if (title in made) is ours] for ours in (True, False))
    by_hand += [f"app {app.title}" for app in patient.apps if app.space is None and app.is_running]
    if gone:
        yield TAKEN_OUT.broken(f"No longer in the file: {', '.join(gone)}", file=patient.file, ours=patient.flags)
    if by_hand:
        yield BY_HAND.broken(f"Not in the file: {', '.join(by_hand)}", file=patient.file)
    elif patient.domain and not gone:
        yield BY_HAND.ok("everything in the domain is in the file")


def _made_by_us(patient: Patient, profiles: Sequence[str], spaces: Sequence[str]) -> frozenset[str]:
    """The profiles and spaces that carry the environment's tag, as far as the first ones go."""
    if patient.domain is None:
        return frozenset()
    domain_id, studio = patient.domain.id, patient.studio
    arns = {f"user profile {name}": studio.user_profile_arn(domain_id, name) for name in profiles[:EXAMINED_SPACES]}
    arns |= {f"space {e.name}": e.arn for e in studio.spaces_in_detail(domain_id, spaces[:EXAMINED_SPACES])}
    return frozenset(title for title, arn in arns.items() if arn and studio.has_tag(arn, patient.tag))


def _scripts(patient: Patient) -> Iterator[Finding]:
    selected = {space.name: space.spec.lifecycle_config_arn for space in patient.examined_spaces}
    bare = [name for name, arn in selected.items() if arn in {None, "None"}]
    if bare:
        yield NO_SCRIPT.broken(f"No lifecycle configuration is selected: {', '.join(bare)}", ours=patient.flags)
    elif selected:
        scripts = ", ".join(sorted({_name(arn) for arn in selected.values()}))
        yield NO_SCRIPT.ok(f"every space selects {scripts}")
    for app in patient.apps:
        arn = selected.get(app.space or "")
        if app.is_running and app.space and arn and app.lifecycle_config_arn != arn:
            message = f"Space '{app.space}' runs with {_name(app.lifecycle_config_arn)}, and selects {_name(arn)}"
            yield _of_space(patient, OLD_SCRIPT, app.space, message)


def _name(arn: str | None) -> str:
    return "no script" if arn in {None, "None"} else f"script {str(arn).rpartition('/')[2]}"


def _images(patient: Patient) -> Iterator[Finding]:
    running = {app.space: app.spec for app in patient.apps if app.is_running and app.type in SETTINGS}
    pinned = {space.name: space.image for space in patient.wanted.resolved_spaces()}  # FIL003 is about these
    for space in patient.examined_spaces:
        spec = running.get(space.name, space.spec)
        if not spec.is_distribution or not spec.image_alias or spec.image_alias == pinned.get(space.name):
            continue
        if end := ending(spec.image_alias, patient.now().date()):
            message = f"Space '{space.name}' uses image {spec.image_alias}, which {end}"
            if pinned.get(space.name):
                back = f"studioctl up{patient.flags} && studioctl restart {space.name}{patient.flags}"
                yield OLD_IMAGE.broken(message, remedy=back)
                continue
            yield _of_space(
                patient,
                OLD_IMAGE,
                space.name,
                message,
                value=with_newest(space.spec),
                settings=SETTINGS[space.editor_type],
            )


def _leftovers(patient: Patient) -> Iterator[Finding]:
    from studioctl.aws import leftovers  # noqa: PLC0415

    vpcs = leftovers.vpcs_with(patient.session, patient.tag)
    traces = [each for each in leftovers.in_vpcs(patient.session, vpcs) if not patient.studio.domain(each.domain_id)]
    kept = set(leftovers.marked(patient.session, kept_tags(patient.wanted.name))) if traces else set()
    for each in traces:
        homes = set(leftovers.home_file_systems(patient.session, each.domain_arn))
        if patient.domain and homes <= kept and not leftovers.nfs_groups(patient.session, each.domain_id):
            continue  # a home that `down` kept and `homes restore` mounted beside the present one
        message = f"Domain {each.domain_id} is gone, and has left something in {', '.join(vpcs)}"
        if patient.domain:
            yield LEFTOVERS.broken(message, remedy=WITH_THE_REST)
        else:
            yield LEFTOVERS.broken(message, ours=patient.flags)


def _not_all(patient: Patient) -> Iterator[Finding]:
    beyond = patient.wanted.resolved_spaces()[EXAMINED_SPACES:]
    if patient.domain and beyond:
        message = f"The settings of {len(beyond)} spaces were not looked at, from {beyond[0].name} on"
        yield _of_space(patient, NOT_ALL, beyond[0].name, message)


def _key(patient: Patient) -> Iterator[Finding]:
    if not patient.wanted.encryption.customer_key:
        return
    from studioctl.operations.data import kms_keys  # noqa: PLC0415 (boto3 is heavy)

    found = kms_keys.danger(patient.session, patient.wanted)
    if found is None or not found.certain:
        return
    for key in found.keys:
        message = f"AWS deletes key '{key.id}' on {key.deletion_at:%Y-%m-%d}. Data that needs it: "
        yield KEY_LEAVING.broken(message + ", ".join(found.certain), key=key.id, flags=patient.target.aws_flags)


def _tags(patient: Patient) -> Iterator[Finding]:
    """Check AWS's index of tags, a hundred things in one call, without what people made by hand: that is DRF003's."""
    if patient.domain is None:
        return
    from studioctl.aws.tagged import listed  # noqa: PLC0415

    kinds = {
        "user profile": ("user-profile", {u.name for u in patient.wanted.users}, {p.name for p in patient.profiles}),
        "space": ("space", {s.name for s in patient.wanted.resolved_spaces()}, {s.name for s in patient.spaces}),
    }
    wanted = Naming.of(patient.wanted).tags(patient.wanted.tags)
    known = listed(patient.session, patient.tag, *(f"sagemaker:{kind}" for kind, _, _ in kinds.values()))
    # AWS writes these ARNs in lower case, whatever the name's case is.
    of_domain = {tuple(arn.split(":", 5)[5].casefold().split("/")): tags for arn, tags in known.items()}
    other, right = [], 0
    for title, (kind, named, there) in kinds.items():
        for name in sorted(named & there):
            tags = of_domain.get((kind, patient.domain.id.casefold(), name.casefold()), {})
            if all(tags.get(key) == value for key, value in wanted.items()):
                right += 1
            else:
                other.append(f"{title} {name}")
    if other:
        more = f" and {len(other) - MOST} more" if len(other) > MOST else ""
        yield OTHER_TAGS.broken(f"Other tags than the file's: {', '.join(other[:MOST])}{more}", ours=patient.flags)
    elif right:
        yield OTHER_TAGS.ok(f"{right} profiles and spaces carry the file's tags")


GROUP = Group(
    "What Terraform does not see",
    (
        Check("remote access of the spaces", _remote_access, (OPEN, NOT_OPENED), Needs.BOTH),
        Check("what the editors run on", _instances, (OTHER_INSTANCE,), Needs.BOTH),
        Check("what is not in the file", _not_in_the_file, (TAKEN_OUT, BY_HAND), Needs.BOTH),
        Check("lifecycle configurations", _scripts, (NO_SCRIPT, OLD_SCRIPT), Needs.BOTH),
        Check("images' support", _images, (OLD_IMAGE,), Needs.BOTH),
        Check("spaces beyond the first ones", _not_all, (NOT_ALL,), Needs.BOTH),
        Check("tags of profiles and spaces", _tags, (OTHER_TAGS,), Needs.BOTH),
        Check("leftovers of domains", _leftovers, (LEFTOVERS,), Needs.BOTH),
        Check("the environment's key", _key, (KEY_LEAVING,), Needs.BOTH),
    ),
)
