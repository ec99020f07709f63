"""Whether a working directory may be used: it is the user's own, or a stranger's files decide nothing there.

What can be made anew is made anew: documents, `.terraform`, the lock file, our own records. What cannot, because it
says what exists, is left alone and not used until the user has seen it: states, and where a state is said to be.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studioctl.catalog.provider import LOCK_FILE
from studioctl.errors import RefusedError
from studioctl.events import Noted, Work
from studioctl.terraform import backend as backends
from studioctl.terraform import records, tree
from studioctl.terraform.backend import Backend
from studioctl.terraform.trust import CLAIMS, DATA_VARIABLE, INITIALISED, RUNS, USED_BACKEND, Anchor
from studioctl.terraform.workspace import Initialised, Workspace

TRUST = "studioctl state trust"
IMPORTS_FILE = "adopt.tf.json"
_MADE_ANEW = (".terraform", LOCK_FILE, "plan.tfplan", "terraform.rc", "mirror")
# How a state is reached, beside where it is; none of these leads to another one.
_HARMLESS = {"profile", "region", "encrypt", "acl", "kms_key_id", "use_lockfile"}


@dataclass(frozen=True)
class Strangers:
    """Other people's files in a working directory that would affect a run.

    Args:
        states: States with content: the present one, one that could not be stored, earlier ones.
        claims: Files that claim that the existing resources were made from here.
        place: The recorded location of the state, if it differs from the user's file.
    """

    states: tuple[Path, ...] = ()
    claims: tuple[Path, ...] = ()
    place: Backend | None = None

    def __bool__(self) -> bool:
        return bool(self.states or self.claims or self.place)


def find(workspace: Workspace, wanted: Backend) -> Strangers:
    """Find other people's files in a working directory. Changes nothing.

    Args:
        workspace: The directory.
        wanted: The state's location according to the user's file.

    Raises:
        RefusedError: The directory contains links, special files, or another user's files.
    """
    tree.refuse_foreign(workspace.directory)
    anchor = Anchor(workspace.directory)
    claims = anchor.strange_claims() if wanted.kind == "local" else ()
    place = None if anchor.knows(INITIALISED) else _other_place(workspace, wanted)
    return Strangers(anchor.strange_states(), claims, place)


def _other_place(workspace: Workspace, wanted: Backend) -> Backend | None:
    remembered = Workspace(workspace.directory, workspace.target).remembered()
    if remembered is None or (remembered.kind == "local" and not remembered.overrides):
        return None
    return remembered if remembered.overrides or remembered.location != wanted.location else None


def vet(workspace: Workspace, wanted: Backend) -> None:
    """Make sure that it may be used. From then on each run notes how it leaves the directory.

    Raises:
        RefusedError: Something of a stranger's would be used, or see `find`.
    """
    found, anchor = find(workspace, wanted), Anchor(workspace.directory)
    if found and anchor.why_not:
        raise RefusedError(
            f"{named(workspace, found)} perhaps not left there by studioctl, which cannot look at its notes:"
            f" {anchor.why_not}. Nothing was changed.",
            hint=f"mend that, and run the same command again; or: export {DATA_VARIABLE}=DIRECTORY (one that only you"
            f" can write to), then: {TRUST}",
        )
    if found:
        raise RefusedError(
            f"{named(workspace, found)} not left there by studioctl as you run it on this machine: the directory was"
            " moved or copied, came with a repository, or is of a version that kept no note of it. Whoever wrote it"
            " would decide what is changed and deleted. Nothing was changed.",
            hint=f"{TRUST}   (shows its contents and asks whether to use it; nothing is lost until you answer)",
        )
    workspace.anchor = anchor


def named(workspace: Workspace, found: Strangers) -> str:
    """The files that decide, with their verb: "'terraform.tfstate' and 2 more were"."""
    files = [*found.states, *found.claims, *([workspace.directory / INITIALISED] if found.place else [])]
    others = f" and {len(files) - 1} more were" if len(files) > 1 else " was"
    return f"'{files[0]}'{others}"


def present(workspace: Workspace) -> dict[str, str]:
    """The digests of all that would be trusted now, by name."""
    return Anchor(workspace.directory).present((INITIALISED,))


def trust(workspace: Workspace, seen: Mapping[str, str] | None = None) -> None:
    """Take what is there for the user's own, as it is now; what can be made anew is made anew all the same.

    Args:
        workspace: The directory.
        seen: The text that the user saw, as `present` had it before; None for whatever is there.

    Raises:
        RefusedError: The present content was not shown.
        TerraformError: It cannot be noted, or another process works there.
    """
    anchor = Anchor(workspace.directory)
    anchor.is_needed = True
    with workspace.hold("trust"):
        if seen is not None and present(workspace) != seen:
            raise RefusedError(
                f"Something in '{workspace.directory}' changed while you were asked. Nothing was noted.",
                hint=f"look again: {TRUST}",
            )
        anchor.begin()
        anchor.note(is_open=False, also=(INITIALISED,))


def prepare(workspace: Workspace, documents: Collection[str]) -> Work[None]:
    """Make sure that Terraform starts with nothing beside what we wrote, and that others cannot read or write there.

    Args:
        workspace: A directory that was vetted, and is held.
        documents: Names of the documents that are, or will be, there.
    """
    ours = {*documents, *backends.render(Backend(), workspace.target)}
    workspace.remove_stale(ours)
    tree.remove(workspace.directory / IMPORTS_FILE)  # of a run that was killed
    names = tree.set_aside(workspace.directory, ours)
    if names:
        place = workspace.directory / tree.ASIDE
        yield Noted(f"studioctl did not write {', '.join(names)}, and Terraform would use it: moved to '{place}'")
    anchor = workspace.anchor
    if anchor is None:
        return
    knows_terraforms = anchor.knows_terraforms()  # before modes are changed, which changes a file's identity
    yield from _close(workspace, anchor)
    for name in (RUNS, *CLAIMS[1:]):
        if not anchor.resumes and not anchor.knows(name):
            tree.remove(workspace.directory / name)
    if not knows_terraforms:
        _make_anew(workspace, anchor)
        if not anchor.resumes:  # a killed `init` leaves them half done
            yield Noted("Terraform's working files here are not those that studioctl left: they are made anew")
    anchor.knows_terraforms_files = True


def _close(workspace: Workspace, anchor: Anchor) -> Work[None]:
    was_open, is_open = tree.tighten(workspace.directory)
    root = workspace.directory.parent.parent
    if is_open:
        if anchor.tell_once("no modes"):
            yield Noted(
                f"WARNING: the file system of '{root}' keeps no permissions, so others on this machine may read and"
                " change the state there; keep it on another file system, or in S3"
            )
    elif was_open:
        yield Noted(f"'{root}' was open to other users of this machine; now it is yours alone (0700, files 0600)")


def _make_anew(workspace: Workspace, anchor: Anchor) -> None:
    remembered = workspace.remembered()
    used = workspace.directory / USED_BACKEND
    kept = used.read_bytes() if remembered and _leads_to(used, remembered) else b""
    for name in _MADE_ANEW:
        tree.remove(workspace.directory / name)
    anchor.knows_terraforms_files = True  # there are none
    if remembered is None:
        tree.remove(workspace.directory / INITIALISED)
        return
    # So the next `init` moves the state from there, should the file now say another place.
    (workspace.directory / tree.PROVIDERS).mkdir(parents=True)
    if kept:
        used.write_bytes(kept)
    workspace.remember(Initialised("", remembered))


def _leads_to(used: Path, remembered: Backend) -> bool:
    """Whether Terraform's own note of its backend means the state that we remember, and reaches it as we would."""
    try:
        content: Any = records.mapping(used)["backend"]
        kind, given = content["type"], {key: value for key, value in content["config"].items() if value}
    except (OSError, KeyError, TypeError, AttributeError):
        return False
    ours = backends.arguments(remembered, None)
    return kind == remembered.kind and all(key in _HARMLESS or given[key] == ours.get(key) for key in given)
