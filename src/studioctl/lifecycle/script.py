"""`[editor]` as one bash script, which SageMaker runs at each start of an app.

It runs as `sagemaker-user`, and the app fails when it fails or takes more than five minutes. So it waits for the steps
for four minutes at most, and what is not over by then goes on in the background; and a step that fails is reported and
does not take the editor away, unless `strict` says so.
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/jl-lcc-debug.html

**Lines.** On its standard output, and so in CloudWatch, there are only lines of this form (`LINE`):

    [studioctl] NAME  STATE  SECONDSs  DETAIL

NAME is a step's, STATE is `done` (DETAIL says what changed), `unchanged` (there was nothing to do), `skipped` or
`failed` (DETAIL says why) or `background` (it goes on; `studio-setup status` in the space tells). SECONDS have one
decimal. The line `lock waiting` says that another start is at work, `home failed` that the home cannot be written. The
last line has the name `summary`; its state is `failed` if a step failed, else `background`, else `done`, and its
DETAIL counts: `9 steps: 3 done, 5 unchanged, 1 failed (tools)`.

**Environment.** STUDIOCTL_BUDGET_SECONDS is how long it waits for the steps (240), STUDIOCTL_PATIENCE_SECONDS how long
for the editor's first start (900).

**Places.** `~/.local/share/studioctl` holds what the steps install, `~/.local/state/studioctl` the lock, the states of
the last start (`status`) and a log of each step (`logs/NAME.log`), `~/.local/bin/studio-setup` the script as a command.
"""

import base64
import bz2
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from studioctl.config.apps import CODE_EDITOR, TYPES, App, title
from studioctl.config.editor import Editor
from studioctl.config.scripts import ScriptFile
from studioctl.errors import ConfigError
from studioctl.lifecycle import program, shrink
from studioctl.lifecycle.step import Step, quoted
from studioctl.lifecycle.steps import (
    conda,
    docker,
    editor_settings,
    environment,
    extensions,
    extra_script,
    git,
    gpu_watch,
    repositories,
    tools,
)

LINE = re.compile(
    r"\[studioctl\] (?P<name>\S+) +(?P<state>[a-z]+) +(?P<seconds>[0-9]{1,7}\.[0-9])s(?:  (?P<detail>.*))?"
)

# The API takes 16,384 characters of base64, which is this many bytes of script.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateStudioLifecycleConfig.html
MAX_BYTES = 12_288
# Linux takes 131,072 bytes in one argument (MAX_ARG_STRLEN), and the script passes itself on as one.
MAX_SOURCE_BYTES = 120_000

SHEBANG = "#!/bin/bash\n"
HEADER = """\
# shellcheck disable=SC1003 # a backslash at the end of a value is the value's
# shellcheck disable=SC2016 # what stands in single quotes is meant as it stands: values, and programs for others
# shellcheck disable=SC2312 # an exit code inside of a word is of no interest where that is done
# Written by studioctl from [editor]; sets up {title} at each start of the app. See: studio-setup status
"""
PACKED = """\
#!/bin/bash
# Written by studioctl, compressed. To read it: studioctl editor script, or ~/.local/bin/studio-setup in the space.
text=$(
  python3 -c 'import base64, bz2, sys
sys.stdout.buffer.write(bz2.decompress(base64.b85decode(sys.stdin.read().strip())))' 2>/dev/null <<'END.'
{packed}
END.
) || {{
  printf '[studioctl] summary        failed        0.0s  the script could not be unpacked: is python3 there?\\n'
  exit {code}
}}
exec bash -c "${{text}}" studio-setup start
"""


@dataclass(frozen=True)
class Script:
    """The script.

    Args:
        source: To be read.
        packed: The same, compressed.
    """

    source: str
    packed: str

    @property
    def text(self) -> str:
        """The script that is stored in AWS and run, compressed if necessary."""
        return self.source if len(self.source.encode()) <= MAX_BYTES else self.packed

    @property
    def digest(self) -> str:
        """Ten characters that change with the text: a lifecycle configuration cannot be changed, only replaced."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:10]


@dataclass(frozen=True)
class Plan:
    """The steps in their order: the first, then chains side by side, then the last.

    Args:
        first: The step that all others rely on.
        chains: Each one's steps follow each other, and no chain waits for another.
        last: The step that waits for all of them.
    """

    first: Step
    chains: tuple[tuple[Step, ...], ...]
    last: Step | None

    def __iter__(self) -> Iterator[Step]:
        yield self.first
        for chain in self.chains:
            yield from chain
        if self.last is not None:
            yield self.last


def steps(editor: Editor, *, is_docker: bool, token: git.Token | None, watch: gpu_watch.Watch | None) -> Plan:
    """Return the steps of the script. Keys that `[editor]` leaves out have no step."""
    chains = (
        (tools.install(editor.tools),),
        (git.configuration(editor.git, token), repositories.clone(editor.repositories)),
        (conda.configuration(editor.conda), conda.packages(editor.conda_packages)),
        (editor_settings.settings(editor.settings),),
        (editor_settings.keybindings(editor.keybindings),),
        (extensions.install(editor.extensions),),
        (docker.client(wanted=is_docker),),
        (gpu_watch.tell(watch),),
    )
    made = (tuple(step for step in chain if step is not None) for chain in chains)
    return Plan(environment.step(), tuple(filter(None, made)), extra_script.run(editor.extra_script))


def for_jupyterlab(editor: Editor) -> Editor:
    """`[editor]` without what only VS Code reads, and without a script that was written for Code Editor."""
    return editor.model_copy(update={"extensions": (), "settings": {}, "keybindings": (), "script": None})


def build(
    editor: Editor,
    *,
    app: App = CODE_EDITOR,
    is_docker: bool = False,
    token: git.Token | None = None,
    watch: gpu_watch.Watch | None = None,
    whose: str = "[editor]",
) -> Script:
    """The script for an editor, the same for the same values, on every machine.

    Args:
        editor: The domain's `[editor]`, or a user's with the domain's merged in.
        app: The app that it sets up.
        is_docker: Whether Docker's client is wanted.
        token: The secret with the token for private repositories.
        watch: The bucket to which a machine with a GPU reports whether it is busy; None for none.
        whose: The words for the editor in errors.

    Raises:
        ConfigError: Even compressed it is larger than SageMaker takes.
    """
    editor = editor if app == CODE_EDITOR else for_jupyterlab(editor)
    if editor.script is not None:
        return _as_it_is(editor.script)
    plan = steps(editor, is_docker=is_docker, token=token, watch=watch)
    variables = environment.variables(editor.environment, conda=bool(editor.conda_packages), docker=is_docker)
    header = HEADER.format(title=title(TYPES[app]))
    source = _source(plan, variables, strict=editor.strict, header=header)
    lean = _source(plan, variables, strict=editor.strict)
    made = Script(source, _packed(lean, strict=editor.strict))
    stored, started = len(made.text.encode()), len(source.encode())
    if stored <= MAX_BYTES and started <= MAX_SOURCE_BYTES:
        return made
    if stored > MAX_BYTES:
        takes = f"{stored:,} bytes, compressed, and SageMaker takes {MAX_BYTES:,}"
    else:
        takes = f"{started:,} bytes before compression, and Linux starts none of more than {MAX_SOURCE_BYTES:,}"
    parts = {step.name: step.call for step in plan} | {"environment": quoted([variables])}
    raise ConfigError(
        f"{whose} makes a lifecycle script of {takes}. What takes the room: {_shares(lean, parts)}.",
        hint="shorten those parts of [editor], then run: studioctl validate",
    )


def _as_it_is(script: ScriptFile) -> Script:
    text = f"{script.text}\n"
    if (size := len(text.encode())) > MAX_BYTES:
        raise ConfigError(
            f"[editor] script has {size:,} bytes, and SageMaker takes {MAX_BYTES:,}.",
            hint="shorten it, or have it fetch what is large, then run: studioctl validate",
        )
    return Script(text, text)


def _shares(lean: str, parts: Mapping[str, str]) -> str:
    """The largest parts and the rest, in bytes as they are stored: that much smaller it would be without them."""
    whole = len(_packed(lean, strict=False))
    rooms = {name: whole - len(_packed(lean.replace(part, "", 1), strict=False)) for name, part in parts.items()}
    largest = sorted(((room, name) for name, room in rooms.items()), reverse=True)[:3]
    told = ", ".join(f"{name} {room:,}" for room, name in largest if room > MAX_BYTES // 100)
    return f"{told}; {whole - sum(rooms.values()):,} are studioctl's own programs for the keys in use"


def _source(plan: Plan, variables: str, *, strict: bool, header: str | None = None) -> str:
    """The script; without a header, the lean form that is stored compressed."""
    shorten = shrink.bash if header is None else str
    parts = [
        shorten(program.text(name)) for name in dict.fromkeys(("runtime.sh", *(use for s in plan for use in s.uses)))
    ]
    if merges := {step.merges for step in plan if step.merges}:
        merge = shrink.python(program.text("merge.py"), merges)
        parts.append(_function("merge_program", f"printf '%s' {quoted([merge])}"))
    parts += [
        _function("variables", f"printf '%s\\n' {quoted([variables])}"),
        _function("settings", f"steps='{' '.join(step.name for step in plan)}' strict={str(strict).lower()}"),
        _perform(plan),
        _run(plan),
    ]
    # All of them, itself too.
    parts.append(_function("program", """declare -f && printf 'main "${1:-status}" "${@:2}"\\n'"""))
    head = () if header is None else (SHEBANG + header,)
    return "\n".join((*head, *(part.rstrip() + "\n" for part in parts), 'main "${1:-start}" "${@:2}"\n'))


def _function(name: str, body: str) -> str:
    # Only our own lines are indented: the lines of a value must stay as they are.
    return f"{name}() {{\n  {body}\n}}\n"


def _perform(plan: Plan) -> str:
    cases = "".join(f"    {step.name})\n      {step.call}\n      ;;\n" for step in plan)
    return f"perform() {{\n  case ${{1}} in\n{cases}    *) return 64 ;;\n  esac\n}}\n"


def _run(plan: Plan) -> str:
    lines = ["begin", f"step {plan.first.name}"]
    for chain in plan.chains:
        calls = "; ".join(f"step {step.name}" for step in chain)
        lines.append(f"{calls} &" if len(chain) == 1 else f"{{ {calls}; }} &")
    lines.append("wait")
    if plan.last is not None:
        lines.append(f"step {plan.last.name}")
    return _function("run", "\n  ".join(lines))


@lru_cache(maxsize=256)  # a command describes the environment more than once, and bzip2 takes longest of it
def _packed(source: str, *, strict: bool) -> str:
    # bzip2, because there is one implementation of it, whose output is the same everywhere.
    packed = base64.b85encode(bz2.compress(source.encode())).decode()
    return PACKED.format(packed=packed, code=int(strict))
