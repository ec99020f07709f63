"""Shows other people's files in a working directory. All of their text is checked before it reaches the terminal."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from studioctl.operations.trust import Strange, StrangeState


def strange(found: "Strange", console: Console) -> None:
    """The states with what they know, and what else would be used."""
    for state in found.states:
        _line(console, f"{state.file}: {_summary(state)}")
        for address, identity in () if state.is_earlier else state.resources:
            _line(console, f"  {address}  {identity}")
    for claim in found.claims:
        _line(console, f"{claim}: says that what exists of the environment was made from here")
    if found.place:
        given = ", ".join(f"{key}={value}" for key, value in found.place.overrides.items())
        by_hand = f", given by hand: {given}" if given else ""
        _line(console, f"The state is said to be {found.place}{by_hand}")


def _summary(state: "StrangeState") -> str:
    number = len(state.resources)
    whose = f" of {' and '.join(state.environments)}" if state.environments else ""
    where = f" in account {' and '.join(state.accounts)}" if state.accounts else ""
    earlier = "an earlier state, " if state.is_earlier else ""
    return f"{earlier}serial {state.serial}, {number} resource{'s' * (number != 1)}{whose}{where}"


def _line(console: Console, text: str) -> None:
    console.print(Text("".join(c if c.isprintable() else "?" for c in text)), soft_wrap=True)
