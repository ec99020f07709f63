"""The value of TF_REATTACH_PROVIDERS: where a running provider listens, by its name.

https://developer.hashicorp.com/terraform/plugin/debugging#starting-a-provider-in-debug-mode
"""

import json
from pathlib import Path


def socket_of(offer: str) -> Path:
    """The socket on which the one provider listens.

    Raises:
        ValueError, KeyError: It offers something else.
    """
    ((_, known),) = json.loads(offer).items()
    return Path(known["Addr"]["String"])


def moved(offer: str, socket: Path, pid: int) -> str:
    """The same offer for another socket and process."""
    ((name, known),) = json.loads(offer).items()
    address = {**known["Addr"], "String": str(socket)}
    return json.dumps({name: {**known, "Addr": address, "Pid": pid}})
