"""A worker's way to its study's part of the bucket, and to the database. Needs Python and boto3 alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any


class Bucket:
    """A study's part of the bucket."""

    def __init__(self, place: str) -> None:
        import boto3  # noqa: PLC0415

        self._s3: Any = boto3.client("s3")
        self._bucket, _, root = place.removeprefix("s3://").partition("/")
        self._root = f"{root}/"

    def put(self, name: str, content: bytes) -> None:
        """Store an object."""
        self._s3.put_object(Bucket=self._bucket, Key=self._root + name, Body=content)

    def get(self, name: str) -> bytes:
        """An object's content."""
        return bytes(self._s3.get_object(Bucket=self._bucket, Key=self._root + name)["Body"].read())

    def names(self, prefix: str) -> list[tuple[str, Any]]:
        """The objects that begin so, by name, and when each was written."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._root + prefix)
        found = [each for page in pages for each in page.get("Contents", ())]
        return [(each["Key"].removeprefix(self._root), each["LastModified"]) for each in found]

    def bring(self, prefix: str, since: datetime, to: Path) -> None:
        """Fetch the objects that begin so, are not older, and are not there yet."""
        for name, written in self.names(prefix):
            file = (to / name.removeprefix(prefix)).resolve()
            if written >= since and not file.exists() and to in file.parents:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(self.get(name))

    def delete(self, names: Sequence[str]) -> None:
        """Delete objects."""
        if names:
            keys = [{"Key": self._root + name} for name in names]
            self._s3.delete_objects(Bucket=self._bucket, Delete={"Objects": keys, "Quiet": True})


def address(database: Mapping[str, Any], certificates: Path) -> str:
    """A database's address for SQLAlchemy, without a password."""
    options = f"sslmode=verify-full&sslrootcert={certificates}&connect_timeout=60"
    alive = "keepalives_idle=30&keepalives_interval=10&keepalives_count=3&tcp_user_timeout=60000"
    where = f"{database['user']}@{database['host']}:{database['port']}/{database['name']}"
    return f"postgresql+psycopg2://{where}?{options}&{alive}"
