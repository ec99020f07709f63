"""A plan that somebody reviewed, as a file, and applying exactly that.

The file says what was planned and from what: digests of the configuration and of every planned value, Terraform's state
by lineage and serial, the provider by its hashes, the account. It holds no value of a resource but those that the plan
shows, and nothing in it is ever run: Terraform's own plan files carry a configuration and a backend with them, so one
that came from elsewhere could do anything. `up FILE` plans again instead, and applies that plan only if it does the
very same to every attribute, and if the file shows just that.
"""

import hashlib
import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from studioctl import disk
from studioctl.catalog.provider import LOCK_FILE
from studioctl.config.model import EnvironmentConfig
from studioctl.errors import RefusedError
from studioctl.events import Work
from studioctl.operations.environment import Environment
from studioctl.operations.provisioning import up
from studioctl.review.now import Now
from studioctl.review.reviewing import review
from studioctl.terraform import records
from studioctl.terraform.plan import PlanSummary

KIND = "studioctl plan"
FORMAT = 2
SEAL = "digest"
LARGEST = 16 * 1024 * 1024
WHO_ASKS = "variables.tf.json"  # differs from person to person


@dataclass(frozen=True)
class Basis:
    """Everything that a plan was made from. Two plans of one basis differ only where AWS differs.

    Args:
        name: The environment.
        region: AWS region.
        account: The account's id, or the emulator's instance.
        config: Digest of studio.toml's values, with those of the files that it names.
        documents: Digest of what Terraform is told.
        lineage: Of Terraform's state; empty before the first `up`.
        serial: Of Terraform's state; 0 before the first `up`.
        provider: Digest of the provider's version and hashes.
        engine: Terraform's version.
    """

    name: str
    region: str
    account: str
    config: str
    documents: str
    lineage: str
    serial: int
    provider: str
    engine: str


# How a difference in the basis is told.
WORDS = {
    "name": "it is for another environment",
    "region": "it is for another region",
    "account": "it is for another account",
    "config": "studio.toml, or a file that it names, has changed",
    "documents": "this version of studioctl, or what AWS has now, would tell Terraform something else",
    "lineage": "it is for another state",
    "serial": "somebody has applied a change since then",
    "provider": "the provider is another one",
    "engine": "the version of Terraform is another one",
}


@dataclass(frozen=True)
class ReviewedPlan:
    """The content of the file.

    Args:
        basis: The sources of the plan.
        planned: Digest of every value that the plan has.
        shown: The plan as `plan --json` shows it, for people and programs.
    """

    basis: Basis
    planned: str
    shown: Mapping[str, Any]

    def text(self) -> str:
        """The file's text."""
        content = {"kind": KIND, "format": FORMAT, "basis": asdict(self.basis), "planned": self.planned}
        return json.dumps(sealed({**content, "plan": self.shown}), indent=2, ensure_ascii=False, default=str) + "\n"


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of the file with a digest of it, by which a change of the file is told from a change of AWS.

    It proves nothing: whoever changes the file may write another one. What is applied is compared in any case.
    """
    return {**content, SEAL: digest({key: value for key, value in content.items() if key != SEAL})}


def digest(value: Any) -> str:
    """The same for the same value, on every machine."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def of_config(config: EnvironmentConfig) -> str:
    """Digest of a file's values; scripts and lists that it names are among them.

    Comments are not, nor is who asks: whoever applies the plan may have another profile than whoever reviewed it.
    """
    return digest(config.model_dump(mode="json", exclude={"profile"}))


def of_plan(shown: Mapping[str, Any], summary: PlanSummary) -> str:
    """Digest of all that a plan would do.

    Args:
        shown: The output of `terraform show -json`.
        summary: The same with the steps that the API takes.
    """
    changes = [
        {"address": change["address"], "change": change["change"]}
        for change in sorted(shown.get("resource_changes", ()), key=lambda change: str(change["address"]))
        if change["change"]["actions"] not in (["no-op"], ["read"])
    ]
    told = summary.to_json()
    return digest([changes, shown.get("output_changes", {}), told["changes"], told["steps"], summary.destroy])


def basis(environment: Environment) -> Basis:
    """Everything that a plan of this environment is made from, now. `init` has run."""
    terraform = environment.terraform
    state = terraform.state()
    lock = records.text(terraform.workspace.directory / LOCK_FILE) or ""
    return Basis(
        name=environment.config.name,
        region=environment.config.region,
        account=_account(environment),
        config=of_config(environment.config),
        documents=digest({name: text for name, text in terraform.documents().items() if name != WHO_ASKS}),
        lineage=str(state.get("lineage", "")),
        serial=int(state.get("serial", 0)),
        provider=digest(lock),
        engine=f"{terraform.engine.kind} {terraform.engine.version}",
    )


def _account(environment: Environment) -> str:
    if environment.target.is_local:
        return f"emulator {records.text(environment.terraform.workspace.directory / 'emulator') or ''}".strip()
    return environment.session.identity.account_id


def of(environment: Environment, summary: PlanSummary) -> ReviewedPlan:
    """The plan that was just made, for the file.

    Raises:
        TerraformError: Terraform cannot show its plan.
    """
    planned = of_plan(environment.terraform.shown(), summary)
    return ReviewedPlan(basis(environment), planned, shown(environment, summary))


def check(file: Path) -> None:
    """See, before anything is planned, whether the file can be written.

    Raises:
        RefusedError: Something else is there.
        OSError: It cannot.
    """
    if file.exists() and _content(file).get("kind") != KIND:
        raise RefusedError(f"'{file}' exists and is no plan. Nothing was changed.", hint="name another file with --out")
    disk.try_out(file)


def store(plan: ReviewedPlan, file: Path) -> None:
    """Write the file, readable for its owner alone.

    Raises:
        RefusedError: Something else is there.
    """
    check(file)
    disk.replace(file, plan.text(), mode=0o600)


def read(file: Path) -> ReviewedPlan:
    """A plan from its file.

    Raises:
        RefusedError: It is none, of another version, or not as it was written.
    """
    content = _content(file)
    found = content.get("basis")
    names = {each.name for each in fields(Basis)}
    if content.get("kind") != KIND or content.get("format") != FORMAT:
        raise RefusedError(
            f"'{file}' is no plan that this version of studioctl has made.", hint="studioctl plan --out FILE"
        )
    if not isinstance(found, dict) or found.keys() != names or not isinstance(content.get("planned"), str):
        raise RefusedError(f"'{file}' is damaged. Nothing was changed.", hint="studioctl plan --out FILE")
    if content != sealed(content):
        raise RefusedError(
            f"'{file}' is not as studioctl wrote it: somebody has changed it. Nothing was changed.",
            hint=f"review it again: studioctl plan --out {shlex.quote(str(file))}",
        )
    shown = content.get("plan")
    return ReviewedPlan(Basis(**found), content["planned"], shown if isinstance(shown, dict) else {})


def _content(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(disk.read_named(file, LARGEST))
    except FileNotFoundError:
        raise RefusedError(f"There is no file '{file}'.", hint="studioctl plan --out FILE") from None
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def differences(reviewed: Basis, now: Basis) -> Iterator[str]:
    """The differences between a reviewed plan's basis and today's, in words."""
    before, after = asdict(reviewed), asdict(now)
    differing = [name for name in WORDS if before[name] != after[name]]
    if "config" in differing and "documents" in differing:
        differing.remove("documents")  # they follow from the file
    yield from (WORDS[name] for name in differing)


def planned_again(environment: Environment, plan: ReviewedPlan, file: Path, *, move_state: bool) -> Work[PlanSummary]:
    """Plan again, and return that plan if it does exactly what was reviewed.

    Args:
        environment: The environment.
        plan: The reviewed plan.
        file: Its file, for messages.
        move_state: Whether the state may move, if `[state]` now says another place.

    Raises:
        RefusedError: Something has changed since then. It says what; nothing was changed.
    """
    yield from environment.terraform.init(migrate=move_state)
    # Planning puts into the documents what AWS alone knows: a snapshot, zones that lack a service.
    before = replace(basis(environment), documents=plan.basis.documents)
    _refuse(list(differences(plan.basis, before)), file)
    summary = yield from up.plan(environment, move_state=move_state, refresh=True)
    _refuse(list(differences(plan.basis, basis(environment))), file)
    same = plan.planned == of_plan(environment.terraform.shown(), summary)
    _refuse([] if same else ["what AWS has now leads to another plan"], file)
    honest = _without_places(plan.shown) == _without_places(shown(environment, summary))
    _refuse([] if honest else ["somebody has changed what the file shows"], file)
    return summary


def shown(
    environment: Environment, summary: PlanSummary, now: Now | None = None, repeat: Callable[[str], str] = str
) -> dict[str, Any]:
    """A plan as `plan --json` shows it, without times and costs: those change while the plan stays what it is.

    Args:
        environment: The environment.
        summary: The plan.
        now: The people at work and the things that hold files; None leaves that out, as it changes too.
        repeat: Completes words that name commands.
    """
    entries = review(environment.config, environment.source, summary, now).told(repeat).entries
    return {**summary.to_json(), "entries": [entry.to_json() for entry in entries]}


def _without_places(told: Mapping[str, Any]) -> Any:
    """The same as JSON has it, whatever the file is called and however many comments it has."""
    entries = [{**entry, "where": None} for entry in told.get("entries", ()) if isinstance(entry, dict)]
    return json.loads(json.dumps({**told, "entries": entries}, default=str))


def _refuse(reasons: list[str], file: Path) -> None:
    if reasons:
        lines = "\n".join(f"  {reason}" for reason in reasons)
        raise RefusedError(
            f"'{file}' is not what would be done now:\n{lines}\nNothing was changed.",
            hint=f"review it again: studioctl plan --out {shlex.quote(str(file))}",
        )
