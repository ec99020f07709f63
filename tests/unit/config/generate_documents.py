"""Writes the committed schema and reference page: `python -m tests.unit.config.generate_documents`."""

from pathlib import Path

from studioctl.config.schema import reference, schema_text

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "studio.schema.json"
REFERENCE = ROOT / "docs/reference/studio-toml.md"

if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    REFERENCE.parent.mkdir(parents=True, exist_ok=True)
    REFERENCE.write_text(reference(), encoding="utf-8")
