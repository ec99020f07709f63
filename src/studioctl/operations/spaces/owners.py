"""Name a space's owner when AWS refuses access: one user's permissions do not reach other users' spaces."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from studioctl.aws.errors import DeniedError
from studioctl.aws.values import Space


@contextmanager
def told(spaces: Iterable[Space]) -> Iterator[None]:
    """Adds to a denial about one of these spaces whose it is."""
    try:
        yield
    except DeniedError as error:
        named = error.denial.resource.split("/")
        found = next((space for space in spaces if space.owner and {space.name, space.owner} & {*named}), None)
        if found is not None and not error.denial.denied_by:
            whose = f"'{found.name}' belongs to {found.owner}"
            error.hint = f"studioctl status   ({whose}: it shows which are yours)\nor, if it is yours, {error.hint}"
        raise
