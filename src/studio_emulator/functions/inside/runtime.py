"""The function's process: takes one event after the other and gives it to the handler.

It speaks Lambda's own interface: Lambda Developer Guide, "runtimes-api".
"""

import importlib
import json
import os
import sys
import traceback
import urllib.error
import urllib.request
from typing import Any


class Context:
    """The handler's second argument, as far as it is the same for every run."""

    function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
    memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")

    def __init__(self, request_id: str) -> None:
        self.aws_request_id = request_id


def main() -> None:
    """Work until the process is killed."""
    api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
    module, _, name = os.environ["_HANDLER"].rpartition(".")
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    while True:
        with urllib.request.urlopen(f"{api}/next") as answer:  # noqa: S310 - the emulator's address
            request_id, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
        try:
            _send(f"{api}/{request_id}/response", handler(event, Context(request_id)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the function's
            traceback.print_exc()
            sys.stderr.flush()
            _send(f"{api}/{request_id}/error", {"errorMessage": str(error), "errorType": type(error).__name__})


def _send(address: str, content: Any) -> None:
    request = urllib.request.Request(address, json.dumps(content).encode(), method="POST")  # noqa: S310 - as above
    urllib.request.urlopen(request).close()  # noqa: S310 - as above


if __name__ == "__main__":
    main()
