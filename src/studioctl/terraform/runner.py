"""Terraform, driven: initialise, plan, apply, and read what came of it.

Documents -> `init` (only when something that it depends on changed) -> `plan`, saved -> `apply` of exactly that plan.
Each verb is work (`studioctl.events.Work`): it yields events and returns its result.
"""

import errno
import json
import os
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from studioctl import disk
from studioctl.errors import RefusedError, TerraformError
from studioctl.events import Event, Noted, Stage, Work
from studioctl.infrastructure.block import Blueprint
from studioctl.infrastructure.blueprint import born
from studioctl.terraform import diagnostics, document, history, migration, orphans, process, provider, runs, state, warm
from studioctl.terraform import plan as plans
from studioctl.terraform.backend import Backend, BackendChange
from studioctl.terraform.environment import child_environment
from studioctl.terraform.executable import Engine
from studioctl.terraform.front import sharing, types
from studioctl.terraform.front.sharing import SharedProvider, Surroundings
from studioctl.terraform.imports import offered
from studioctl.terraform.interrupts import interrupted, patience
from studioctl.terraform.plan import PlanSummary
from studioctl.terraform.reading import MIGRATE, Reading, unreachable
from studioctl.terraform.saved import Saved
from studioctl.terraform.stream import Transcript
from studioctl.terraform.tables import is_left, values
from studioctl.terraform.thinned import thinned
from studioctl.terraform.trust import ERRORED
from studioctl.terraform.vetting import prepare
from studioctl.terraform.workspace import Initialised, Workspace, fingerprint

PLAN_FILE = "plan.tfplan"
CHANGES = 2  # `plan -detailed-exitcode`


@dataclass
class Terraform:
    """Terraform for one environment.

    Args:
        workspace: The workspace, with its target.
        engine: The program that does.
        blueprint: The resources that should exist.
        backend: The backend for the state.
        environ: Our own environment, from which the child's is made.
        stored: Reads the state that is in S3, without Terraform; None for none.
        lent: Gives the variables by which Terraform borrows credentials; None where it finds the user's itself.
    """

    workspace: Workspace
    engine: Engine
    blueprint: Blueprint
    backend: Backend
    environ: Mapping[str, str]
    stored: Callable[[Backend], str | None] = unreachable
    lent: Callable[[], Mapping[str, str] | None] = lambda: None
    shared: SharedProvider = field(init=False, repr=False)
    _reading: Reading = field(init=False, repr=False)
    _rendered: tuple[object, dict[str, str]] = field(default=(None, {}), init=False, repr=False)  # from what, and texts

    def __post_init__(self) -> None:
        self.shared = SharedProvider(self.workspace.directory, self.engine, self.blueprint.provider)
        self._reading = Reading(self.workspace, self.engine)

    @classmethod
    def of(cls, workspace: Workspace, engine: Engine, blueprint: Blueprint, backend: Backend) -> "Terraform":
        """Terraform in this process's environment."""
        return cls(workspace, engine, blueprint, backend, os.environ)

    def write(self) -> bool:
        """Bring the documents on disk in line with the blueprint; whether anything changed."""
        return self.workspace.write(self.documents(), self.backend)

    def documents(self) -> dict[str, str]:
        """The documents that Terraform is given, by name; kept, as those of 1,000 people take half a second."""
        source = self.blueprint, self.birth()
        if self._rendered[0] != source:
            self._rendered = source, document.render(born(*source), self.workspace.target)
        return self._rendered[1]

    def shown(self) -> dict[str, Any]:
        """All that Terraform says of the plan that was saved last."""
        return dict(json.loads(self._ask("show", "-json", PLAN_FILE)))

    def birth(self) -> str:
        """The mark that tells what this state is about from another environment of the same name.

        A state in S3 is the same from every checkout, and so is its mark; else the directory remembers it.
        """
        return fingerprint(self.backend.location) if self.backend.kind == "s3" else self.workspace.birth()

    def backend_change(self) -> BackendChange | None:
        """The move of the state that the next `init` has to make; None if it stays where it is, or there is none."""
        known = self.workspace.initialised()
        before = known.backend if known else Backend()  # a local state outlives Terraform's working files
        is_there = before.kind != "local" or self.workspace.state_file.is_file()
        return BackendChange(before, self.backend) if is_there and before.location != self.backend.location else None

    def init(self, *, migrate: bool = False) -> Work[None]:
        """Write the documents and initialise Terraform. Starts no process if nothing relevant has changed.

        Args:
            migrate: Whether the user agreed to `backend_change()`.

        Raises:
            RefusedError: The state would have to move without confirmation, or over another environment's state.
            ConfigError: The state's bucket is not given or does not exist, or the provider mirror lacks the provider.
            TerraformError: Terraform failed, or another run is at work here.
        """
        self.backend.require_place()
        with self.workspace.hold("init"):
            yield from orphans.wait_for_orphan(self.workspace.directory)
            yield from prepare(self.workspace, document.names(self.blueprint, self.workspace.target))
            self.workspace.discard_torn()
            change = self.backend_change()
            if "local" in {self.backend.kind, change.before.kind if change else ""}:
                yield from history.mend(self.workspace, is_whole=self._reading.is_known())
                self.state()  # refuses a newer Terraform's
            environ = self._environ(downloads=True)
            if change:
                yield from self._before_moving(change, migrate=migrate)
            self.write()
            marks = self._marks(environ)
            known = self.workspace.initialised()
            if known is not None and known.fingerprint == marks:
                self.workspace.remember(Initialised(marks, self.backend))  # what was given by hand may have changed
                yield from self._store_errored()
                return
            self._there()
            yield Stage("Initialising Terraform")
            # Terraform has no events for a migration: "-migrate-state and -json options are mutually-exclusive".
            how = (MIGRATE, "-force-copy") if change else ("-json", "-reconfigure")
            taken = self.workspace.provider_version()
            anew = () if taken is None or self.blueprint.provider.admits(taken) else ("-upgrade",)
            yield from self._run("init", ("init", "-input=false", *how, *anew), environ)
            provider.refuse_unsupported(self.workspace.provider_version(), self.blueprint.provider)
            if change and change.before.kind == "local":
                self.workspace.set_state_aside()  # Terraform leaves it, and it would be taken for the state later
            self.workspace.remember(Initialised(marks, self.backend))
            yield from self._store_errored()

    def _there(self) -> dict[str, Any]:
        """The state where it is to be. A damaged one is refused, and one that names what `init` would download."""
        if self.backend.kind == "s3":
            return self._reading.elsewhere(self.backend, self.stored)
        return self._reading.on_disk()

    def _store_errored(self) -> Work[None]:
        """Store the state that the last run could not store because it lost access to the backend."""
        errored = self.workspace.directory / ERRORED
        if not errored.is_file():
            return
        if not state.is_whole(history.text_of(errored)):  # the disk was full
            self.workspace.set_aside(errored)
            yield Noted("The last run could not store its whole state; what it made is looked for in AWS")
            return
        try:
            self._ask("state", "push", ERRORED)
        except TerraformError as refusal:
            raise TerraformError(
                f"The last run could not store its state, and left it in '{errored}'. It cannot be stored now either:"
                f" {refusal.message}",
                hint=f"If somebody has changed the environment since then, move that file away; then {refusal.hint}",
            ) from refusal
        self.workspace.set_aside(errored)
        yield Noted("The last run could not store its state; it is stored now")

    def _before_moving(self, change: BackendChange, *, migrate: bool) -> Work[None]:
        if not migrate:
            raise RefusedError(
                f"{change}. Not moved: this needs your confirmation",
                hint="Run `studioctl plan` with the same flags: it asks, then moves it.",
            )
        yield Noted(str(change))
        migration.check_destination(self.workspace, change, ours=self.state(), there=self._there())

    def warm_up(self) -> None:
        """Start what the `plan` that comes soon needs, if `init` was run. Nobody waits for it."""
        if self.workspace.initialised() is not None and not warm.is_named(self.environ):
            self.shared.begin(self._environ())

    def plan(
        self,
        *,
        destroy: bool = False,
        adopt: Mapping[str, str] | None = None,
        replace: Iterable[str] = (),
        targets: Collection[str] = (),
        refresh: bool = True,
    ) -> Work[PlanSummary]:
        """Plan the changes, and save the plan for `apply`.

        Args:
            destroy: Whether to plan the removal of the whole environment.
            adopt: Import ids, by address, of resources that exist but are missing from the state.
            replace: Addresses of resources to replace.
            targets: Addresses to which the plan is limited, with their dependencies; empty for no limit.
            refresh: Whether to read all resources from AWS. Not needed if the state is current.

        Raises:
            TerraformError: Terraform failed, or another run is at work here.
        """
        aim = (["-destroy"] if destroy else []) + ([] if refresh else ["-refresh=false"])
        aim += [f"-replace={address}" for address in replace] + [f"-target={address}" for address in targets]
        told = ("-input=false", "-json", "-detailed-exitcode")
        with self.workspace.hold("plan"):
            yield from self.init()
            yield Stage("Planning")
            thin = thinned(self.workspace, self.blueprint, targets, is_local=self.backend.kind == "local")
            with offered(self.workspace, adopt or {}), thin as place:
                words = (*place.chdir, "plan", *told, f"-out={place.back}{PLAN_FILE}", *place.state, *aim)
                transcript, code = yield from self._run("plan", words, self._environ())
            return self._summary(transcript, destroy=destroy, has_changes=code == CHANGES)

    def forget(self, addresses: Sequence[str]) -> None:
        """Take these out of the state. What they stand for stays as it is.

        Raises:
            TerraformError: Terraform failed, or someone else works here.
        """
        if addresses:
            with self.workspace.hold("forget"):
                self._ask("state", "rm", *addresses)

    def park(self, objects: Collection[tuple[str, str]], leaving: Collection[str]) -> tuple[str, ...]:
        """Give resources that will be replaced separate addresses in the state, which postpones their deletion.

        Terraform later deletes them together with everything that the blueprint does not describe.

        Args:
            objects: The address and the id of each resource.
            leaving: The addresses of the other resources that will be deleted.

        Returns:
            The new addresses.

        Raises:
            TerraformError: Terraform failed, or another run is at work here.
        """
        if not objects:
            return ()
        with self.workspace.hold("park"):
            content, addresses = state.park(self.state(), objects, leaving)
            self._ask("state", "push", "-", given=json.dumps(content))
        return addresses

    def _summary(self, said: Transcript, *, destroy: bool, has_changes: bool) -> PlanSummary:
        modules = plans.addresses(self.blueprint)
        if plans.needs_values(said.planned):
            changes, outputs, drift = plans.from_show(self.shown(), modules)
        else:
            changes, outputs, drift = plans.from_stream(said.planned, said.outputs, said.drifted, modules)
        kept = tuple(o for o in outputs if destroy or not is_left(self.blueprint, o))
        has_changes = has_changes and bool(changes or kept or not outputs)
        file = self.workspace.directory / PLAN_FILE
        return PlanSummary(changes, kept, drift, destroy, has_changes, file, saved=Saved.of(file, self.state()))

    def refuse_stale(self, plan: PlanSummary) -> None:
        """Refuse a plan that is no longer what would be done, before anything is changed for it.

        Raises:
            RefusedError: Somebody planned or applied since then.
        """
        if plan.saved and plan.has_changes:
            plan.saved.refuse_another(plan.file)
            self._reading.forget()
            plan.saved.refuse_another_state(self.state())

    def apply(self, plan: PlanSummary) -> Work[dict[str, Any]]:
        """Do exactly what the saved plan says; the environment's outputs by name.

        Raises:
            RefusedError: Another plan has taken its place.
            TerraformError: Terraform failed; what was done is kept in the state.
            InterruptedByUserError: Ctrl-C, after Terraform has stopped cleanly.
        """
        if not plan.has_changes:
            return self.outputs()
        verb = "destroy" if plan.destroy else "apply"
        with self.workspace.hold(verb):
            if plan.saved:
                plan.saved.refuse_another(plan.file)
            if self.backend.kind == "local":
                history.keep(self.workspace)
            yield Stage("Removing" if plan.destroy else "Applying")
            said, _ = yield from self._run(verb, ("apply", "-input=false", "-json", plan.file.name), self._environ())
            plan.file.unlink(missing_ok=True)
            return values(self.blueprint, self.state(), said.outputs)

    def accept(self, addresses: Sequence[str]) -> None:
        """Take these for finished, although Terraform did not see the end of their creation.

        Raises:
            TerraformError: Terraform failed, or someone else works here.
        """
        if addresses:
            with self.workspace.hold("accept"):
                for address in addresses:
                    self._ask("untaint", address)

    def outputs(self) -> dict[str, Any]:
        """The environment's outputs by name, as of the last apply; empty if there was none."""
        return values(self.blueprint, self.state(), self.state().get("outputs", {}))

    def state(self) -> dict[str, Any]:
        """Terraform's state as it is stored; empty if there is none. It is not to be changed.

        Terraform costs a second. So a local one is read from its file, and one in S3 by a call of S3, where `init` has
        run: to whom only uses the environment, its bucket may be closed.
        """
        known = self.workspace.initialised()
        if (known.backend if known else self.backend).kind == "s3":
            return self._reading.elsewhere(known.backend, self._readable) if known else {}
        return self._reading.on_disk()

    def _readable(self, backend: Backend) -> str | None:
        """The text that is stored in S3. OpenTofu alone can read a state that it has encrypted."""
        text = self.stored(backend)
        return self._ask("state", "pull") if self.engine.kind == "tofu" and state.is_encrypted(text) else text

    def _marks(self, environ: Mapping[str, str]) -> str:
        """Return a fingerprint of everything that `init` depends on."""
        backend = (self.workspace.directory / "backend.tf.json").read_text(encoding="utf-8")
        rules = environ.get("TF_CLI_CONFIG_FILE", "")
        return fingerprint(self.blueprint.provider.text, str(self.engine), backend, rules)

    def _environ(self, *, downloads: bool = False) -> dict[str, str]:
        mirror = provider.find(self.environ, self.engine.registry, wanted=self.blueprint.provider)
        config = self.workspace.use_mirror(mirror, self.engine.registry, self.environ)
        target, lent, logs = self.workspace.target, self.lent(), self.workspace.logs
        return child_environment(self.environ, target, cli_config=config, downloads=downloads, lent=lent, logs=logs)

    def _run(
        self, verb: str, words: Sequence[str], environ: Mapping[str, str]
    ) -> Generator[Event, None, tuple[Transcript, int]]:
        run, said = yield from self._attempt(verb, words, environ)
        lock = diagnostics.lock_of(said.diagnostics)
        owner = runs.left_behind(self.workspace, lock) if lock else None
        if owner:
            yield Noted(f"Our own `{owner.verb}`, process {owner.pid}, was killed and left the state locked: freed")
            self._ask("force-unlock", "-force", lock["ID"])
            run, said = yield from self._attempt(verb, words, environ)
        if verb == "plan" and run.returncode not in {0, CHANGES} and not run.interrupts and self.shared.lost():
            run, said = yield from self._attempt(verb, words, environ)  # which changes nothing
        if run.interrupts:
            raise interrupted(verb, said, run.returncode)
        if (code := run.returncode) not in {0, CHANGES}:
            full = disk.refuses(run.log) or (errno.ENOSPC if said.is_torn else None)
            raise diagnostics.error_of(said.diagnostics, said.plain, verb=verb, log=run.log, full=full, code=code)
        if verb != "init" and not said.is_whole:  # what is not known cannot be shown, or agreed to
            raise diagnostics.error_of((), (), verb=verb, log=run.log, full=disk.refuses(run.log) or errno.ENOSPC)
        return said, code

    def _attempt(
        self, verb: str, words: Sequence[str], environ: Mapping[str, str]
    ) -> Generator[Event, None, tuple[process.Run, Transcript]]:
        pids: list[int] = []

        def started(pid: int) -> None:
            pids.append(pid)
            runs.begin(self.workspace, verb, pid)

        log, said = self.workspace.new_log(verb), Transcript()
        command, directory = (*self.engine.command, *words), self.workspace.directory
        with self._reading.around(words), self._provider(environ, needed=verb != "init") as child:
            if self.shared.why_not and verb == "plan":
                yield Noted(f"Each Terraform starts its own provider: {self.shared.why_not}", is_detail=True)
            seen = {**child.environ, "TF_DATA_DIR": str(directory / ".terraform")}  # also from the place of a part
            run = process.Run(command, cwd=directory, environ=seen, log=log, on_start=started, held=child.lifeline)
            for line in run.lines():
                if line:
                    yield from said.read(line, is_stopping=bool(run.interrupts))
                elif run.interrupts:
                    yield Noted(patience(run.interrupts))
        if run.returncode is not None and run.returncode >= 0:  # it was not killed
            had_lock = verb != "init" and not diagnostics.lock_of(said.diagnostics)
            runs.end_all(self.workspace) if had_lock else runs.end(self.workspace, *pids)
        return run, said

    def _provider(self, environ: Mapping[str, str], *, needed: bool) -> AbstractContextManager[Surroundings]:
        """The child's surroundings: with a provider that runs already, where its command needs one."""
        used = partial(types.in_use, self.workspace.directory, self.state)
        given = partial(sharing.given, self.environ, environ, self.workspace.target, used, self.shared)
        return given() if needed else nullcontext(Surroundings(environ))

    def _ask(self, *words: str, given: str | None = None) -> str:
        command, directory = (*self.engine.command, *words), self.workspace.directory
        with self._reading.around(words), self._provider(self._environ(), needed=words[0] == "show") as child:
            answer = process.capture(command, cwd=directory, environ=child.environ, given=given, held=child.lifeline)
        if answer.returncode != 0:
            raise diagnostics.error_of_command(words, answer.stderr, directory)
        return answer.stdout
