"""The committed files that are made from the code: `make generated` writes them, a test keeps them fresh."""

import html
import inspect
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from string import Formatter

from studioctl import JobSettings, Tuner, programs
from studioctl.api import Studio
from studioctl.audit import acceptance, least_privilege
from studioctl.audit import rules as audit_rules
from studioctl.audit.examination import Audit
from studioctl.catalog import provider
from studioctl.config.load import load
from studioctl.config.schema import reference, schema_text
from studioctl.config.source import Source
from studioctl.errors import ExitCode
from studioctl.findings import Rule, Subject
from studioctl.infrastructure import blueprint
from studioctl.infrastructure.block import Ref
from studioctl.infrastructure.iam import jobs, scoped, things
from studioctl.infrastructure.iam import studio as of_studio
from studioctl.infrastructure.iam.scope import ONLY_ON_EVERYTHING, Holder, Scope
from studioctl.infrastructure.iam.statement import Statement
from studioctl.operations.doctor import catalogue
from studioctl.presentation import report_page
from studioctl.report import compose, topology
from tests import api_members, estimates, pictures, policies

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "studio.schema.json"

MEANINGS = {
    ExitCode.OK: "done; for `plan`: nothing to do; for `audit`: no findings, or all accepted",
    ExitCode.FAILED: "failed: AWS, Terraform or the emulator refused, and the message says why; `doctor`: errors",
    ExitCode.CHANGES: "`plan` found changes; `audit`: findings that nobody accepted",
    ExitCode.CONFIG: "the file is wrong; nothing was started",
    ExitCode.REFUSED: (
        "refused: data would be lost, or nobody confirmed; nothing was changed; `plan --out`: `up` would refuse the"
        " plan, which is written"
    ),
    ExitCode.USAGE: "the command line is wrong",
    ExitCode.INTERRUPTED: "stopped cleanly by Ctrl-C",
}


def commands() -> str:
    """The reference of the command line, in Markdown."""
    made = subprocess.run(
        [sys.executable, "-m", "typer", "studioctl.cli.main", "utils", "docs", "--name", "studioctl"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    text = html.unescape(re.sub(r'<span style="font-weight: bold">(.*?)</span>', r"`\1`", made))
    text = re.sub(r"\*\*Commands\*\*:\n\n(\* .*\n)+\n", "", text)  # cut off in the middle of sentences
    text = text.replace("# `studioctl`", "# Commands\n\n## `studioctl`", 1).replace("```console\n$ ", "```sh\n")
    rows = "".join(f"| {code.value} | {meaning} |\n" for code, meaning in MEANINGS.items())
    return f"{text.rstrip()}\n\n## Exit codes\n\n| Code | Meaning |\n| --- | --- |\n{rows}"


# How the fields of a remedy look where no case fills them in; others are their names in capitals.
FIELDS = {
    "flags": " --region REGION",
    "ours": "",
    "file_flag": "",
    "profile_flag": "",
    "engine": "python -m pip install 'studioctl[terraform]'",
    "install": "sudo apt-get install PACKAGE",
    "remedy": "what AWS's answer asks for",
}
DOCTOR = """# What the doctor looks at

`studioctl doctor` finds these: see [how to ask it](../how-to/ask-the-doctor.md). An id never means anything else; new
ones may appear. The severity is the worst that a rule can have: what only matters to those who asked for it in the file
is a note for everybody else. Words in capitals in a remedy are filled in.
"""


def doctor() -> str:
    """The reference of the doctor's rules, in Markdown."""
    text = DOCTOR
    for group, rules in catalogue.rules().items():
        text += f"\n## {group}\n"
        for rule in rules:
            remedy = rule.remedy.format_map({field: FIELDS.get(field, field.upper()) for field in rule.fields()})
            text += f"\n### {rule.id}: {rule.title}\n\n**{rule.severity.word}.** {rule.why}\n\n"
            text += _key(rule)
            text += f"- Remedy: `{remedy}`\n- Reference: <{rule.reference}>\n"
    return text


def _key(rule: Rule) -> str:
    return f"- Key: `{'.'.join(map(str, rule.key))}`\n" if rule.key else ""


AUDIT = """# What an audit looks at

`studioctl audit` finds these: see [how to audit an environment](../how-to/audit-an-environment.md). An id never means
anything else; new ones may appear. Beside them stand checkov's own ids (`CKV_...`), which
[checkov explains](https://www.checkov.io/5.Policy%20Index/terraform.html). Words in capitals in a remedy are filled in.

Prices are list prices of us-east-1 in 2026, from the pages that are named.
"""
SUBJECTS = {
    Subject.FILE: "The file",
    Subject.PLAN: "What would be made of it",
    Subject.ACCOUNT: "The account",
}


def audit() -> str:
    """The reference of an audit's rules, in Markdown."""
    text = AUDIT
    every = (*audit_rules.RULES, *least_privilege.RULES)
    for subject, title in SUBJECTS.items():
        text += f"\n## {title}\n"
        for rule in (rule for rule in every if rule.subject is subject):
            fields = {name: name.upper() for _, name, _, _ in Formatter().parse(rule.remedy) if name}
            remedy = rule.remedy.format_map({**fields, "flags": ""})
            text += f"\n### {rule.id}: {rule.title}\n\n**{rule.severity.word}.** {rule.why}\n\n"
            text += _key(rule)
            text += f"- Remedy: `{remedy}`\n- Cost: {rule.cost}\n- Reference: <{rule.reference}>\n"
    return text


ACCEPTED = """# What an audit accepts, and why

`studioctl audit` finds all of this in what studioctl makes, and does not count it: each has a reason, and most have a
key by which you can decide otherwise. `studioctl audit --accepted` shows them beside your own. What you accept yourself
stands in your file: [how to audit an environment](../how-to/audit-an-environment.md).

"About" says for what it is accepted; the same id about anything else is a finding.

| Id | About | Why it may stay |
| --- | --- | --- |
"""


def accepted_findings() -> str:
    """The page of what is accepted, in Markdown."""
    rows = (f"| {e.id} | `{'`, `'.join(e.about)}` | {e.reason} |\n" for e in acceptance.accepted())
    return ACCEPTED + "".join(rows)


PYTHON_HEAD = """\
# Python

The verbs of the command line, for notebooks and scripts. Nothing is printed or asked, also not before `up` and `down`;
what goes wrong is a `studioctl.errors.StudioctlError` with `message` and `hint`.

```python
from studioctl import Studio

studio = Studio.load("studio.toml", local=True)  # local: on the emulator, as --local does
app = studio.start("ada-editor", on_event=lambda event: None)
assert app.status == "InService"
for space in studio.status().spaces:
    assert space.usd_per_hour == 0.05
studio.stop("ada-editor")
```

A space's name may be left out where there is only one. `on_event` is called with each value of `studioctl.events` while
AWS works.

Annotations that are quoted here are values of `studioctl.aws.values`, `studioctl.operations.status`,
`studioctl.operations.spaces.logs`, `studioctl.operations.provisioning.down` and `studioctl.terraform.plan`: frozen.
"""


PYTHON_TUNER = """
## `Tuner`

`Tuner("studio.toml")` has the verbs of `studioctl tune`; with `local=True` jobs run on the emulator.
[Tune a model on this machine](../how-to/tune-on-this-machine.md#in-python) has an example. With
`from studioctl import JobSettings`, `run(..., jobs=JobSettings(max_usd=5.0))` runs trials in training jobs. Where a
study's copy cannot be renewed, or trials of it are kept apart, Python warns.
"""


def python() -> str:
    """The reference of the Python API: each public method with its signature and what its docstring says."""
    jobs = f"\n```text\nJobSettings{inspect.signature(JobSettings)}\n\n{inspect.getdoc(JobSettings)}\n```\n"
    return PYTHON_HEAD + "".join(_methods(Studio)) + PYTHON_TUNER + jobs + "".join(_methods(Tuner, "Tuner."))


def _methods(of: type, prefix: str = "") -> Iterator[str]:
    for name, method in vars(of).items():
        if name.startswith("_"):
            continue
        if isinstance(method, property):
            yield f"\n## `{prefix}{name}`\n\n{inspect.getdoc(method)}\n"
            continue
        function = inspect.unwrap(getattr(of, name))
        signature = re.sub(r"\(self(?:, )?", "(", str(inspect.signature(function)))
        yield f"\n## `{prefix}{name}`\n\n```text\n{name}{signature}\n\n{inspect.getdoc(function)}\n```\n"


PERMISSIONS = """# What a user may do

`[iam] permissions = "scoped"`, the default: each statement of the role's policies, why it is there, and AWS's page.
[Why they are as they are](../explanation/permissions.md); [how to give a team more](../how-to/give-a-team-more.md).

NAME is the environment's. PREFIX is how [the names of jobs](../explanation/permissions.md#names-tell-whose-a-job-is)
must begin. `${sagemaker:DomainId}` and `${sagemaker:UserProfileName}` have values only in a user's session in Studio.
ARNs begin with `arn:aws:SERVICE:REGION:ACCOUNT:` where nothing else is said.
"""
PERMISSIONS_OF_USERS = """
## With `per_user_roles`

The policy `NAME-jobs` makes training and tuning jobs under this statement alone, and PREFIX is a user's own. The
domain's own role has the policy `NAME-images`, without `Push`, and no other.
"""
PERMISSIONS_OF_BUCKETS = """
These take the place of the policy `NAME-s3`:
"""
PERMISSIONS_OF_KEYS = """
## With a key of the customer's

With `[encryption]` there is a policy `NAME-kms`, whatever the permissions.
"""
PERMISSIONS_ON_EVERYTHING = """
## On `*`

AWS can bind these to no resource. Nothing else is allowed on `*`, and no action has a wildcard.

| Action | Why it is harmless, and needed |
| --- | --- |
"""


def permissions() -> str:
    """The reference of the scoped policies, in Markdown."""
    bucket, repository, secret, role = (Ref(name) for name in ("BUCKET", "REPOSITORY", "SECRET", "ROLE"))
    key = Ref("KEY")
    scope = Scope(
        "NAME",
        "aws",
        "REGION",
        "ACCOUNT",
        bucket,
        ("EXTRA-BUCKET",),
        repository,
        key_arn=key,
        dns_suffix="amazonaws.com",
        remote_access=True,
    )
    closed = replace(scope, remote_access=False)
    text = PERMISSIONS
    for policy in (*scoped.for_everybody(scope), *scoped.for_holder(scope, Holder(role, "PREFIX", secret))):
        text += f"\n## `NAME-{policy.purpose}`\n\n{policy.why}\n" + "".join(map(_permission, policy.statements))
    text += "\n## Without `remote_access`\n\nThere is no policy `NAME-remote-access`, and `NAME-studio` also says:\n"
    text += "".join(_permission(s) for s in of_studio.studio(closed).statements if s.effect == "Deny")
    text += PERMISSIONS_OF_KEYS + "".join(map(_permission, things.key(scope, key).statements))
    own = jobs.jobs(scope, Holder(role, "PREFIX", user="USER")).statements
    text += PERMISSIONS_OF_USERS + "".join(_permission(each) for each in own if each.sid == "JobsWithoutFileSystems")
    text += PERMISSIONS_OF_BUCKETS + "".join(
        map(_permission, things.buckets(replace(scope, extra_buckets=()), "USER").statements)
    )
    rows = "".join(f"| `{action}` | {why} |\n" for action, why in ONLY_ON_EVERYTHING.items())
    return text + PERMISSIONS_ON_EVERYTHING + rows


def _permission(statement: Statement) -> str:
    def plain(values: Iterable[str]) -> str:
        shown = (re.sub(r"\$\{([A-Z]+)\}", r"\1", value).replace("&{", "${") for value in values)
        return ", ".join(f"`{re.sub('^arn:aws:[a-z]+:REGION:ACCOUNT:', '', value)}`" for value in shown)

    conditions = "".join(f"- When: `{c.variable}` {c.test} {plain(c.values)}\n" for c in statement.conditions)
    return (
        f"\n### {statement.sid}\n\n{statement.why} [AWS]({statement.source})\n\n"
        f"- {statement.effect}: {plain(statement.actions)}\n- On: {plain(statement.resources)}\n{conditions}"
    )


def example_report(name: str) -> str:
    """The report on an example, as of a fixed day, without the programs that an audit may lack."""
    file = ROOT / f"examples/{name}.toml"
    config = load(file)
    everything = blueprint.build(config)
    found = Audit(config, Source.of(file), everything, None, {"PATH": ""}).report()
    kept = tuple(finding for finding in found.findings if finding.rule is not audit_rules.NO_ENGINE)
    svg = programs.laid_out(topology.dot(config), {"PATH": ""})
    assert svg, "graphviz-pure is missing: pip install -e .[ui]"
    return report_page.page(
        compose.report(
            config,
            everything,
            replace(found, findings=kept),
            {"studioctl": "VERSION", "Terraform": "VERSION", "provider": f"{provider.NAME} {provider.DEFAULT}"},
            place=config.region,
            now=datetime(2026, 11, 29, 12, tzinfo=UTC),
            svg=svg,
            standing=programs.laid_out(topology.standing(config), {"PATH": ""}),
        )
    )


PROVIDER = f"""# What is wrong with the provider

studioctl works around these defects of Terraform's AWS provider, or refuses the versions that have them. A defect
that is open is in {provider.CHECKED}, too, as far as is known.
See [how to choose the provider](../how-to/choose-the-provider.md).

| Issue | Versions | What is wrong | What studioctl does |
| --- | --- | --- | --- |
"""


def provider_defects() -> str:
    """The reference of the provider's defects, in Markdown."""

    def versions(defect: provider.Defect) -> str:
        words = [
            *([f"from {_dotted(defect.since)}"] if defect.since != provider.FIRST else []),
            *([f"before {_dotted(defect.until)}"] if defect.until else []),
        ]
        return " ".join(words) or "all"

    rows = (f"| [#{d.issue}]({d.url}) | {versions(d)} | {d.words} | {d.instead} |\n" for d in provider.DEFECTS)
    return PROVIDER + "".join(rows)


def _dotted(version: provider.Version) -> str:
    return ".".join(map(str, version))


FILES: dict[Path, Callable[[], str]] = {
    SCHEMA: schema_text,
    ROOT / "docs/reference/studio-toml.md": reference,
    ROOT / "docs/reference/cli.md": commands,
    ROOT / "docs/reference/doctor.md": doctor,
    ROOT / "docs/reference/permissions.md": permissions,
    ROOT / "docs/reference/audit.md": audit,
    ROOT / "docs/explanation/accepted-findings.md": accepted_findings,
    ROOT / "docs/reference/python.md": python,
    **{ROOT / f"docs/reports/{name}.html": partial(example_report, name) for name in ("team", "closed", "capped")},
    ROOT / "docs/reference/provider.md": provider_defects,
    ROOT / "docs/reference/api-members.md": api_members.page,
    **{
        ROOT / f"tests/golden/policies/{name}.json": partial(policies.text, config)
        for name, config in policies.ENVIRONMENTS.items()
    },
    **{path: partial(estimates.text, *of) for path, of in estimates.files().items()},
    **pictures.FILES,
}


def main() -> None:
    for path, make in FILES.items():
        path.write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()
