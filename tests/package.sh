#!/bin/sh
# Builds the source distribution and from it the wheel, and tries the wheel in clean environments: without extras and
# with them. Works on the machine alone: needs a package index, and neither an AWS account nor Terraform.
set -eu

cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Not the environment, the emulator or the notes of whoever runs this.
export HOME="$work/home" STUDIOCTL_EMULATOR_DIR="$work/emulator" STUDIOCTL_DATA_DIR="$work/data"
unset PYTHONPATH STUDIOCTL_CONFIG STUDIOCTL_LOCAL
mkdir "$HOME"

echo "Building into dist/"
rm -rf dist
"$python" -m venv "$work/build"
"$work/build/bin/python" -m pip install --quiet build
"$work/build/bin/python" -m build --outdir dist . >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
wheel=$(ls "$PWD"/dist/*.whl)
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' src/studioctl/__init__.py)
[ -f "dist/studioctl-$version.tar.gz" ] || { echo "dist/ has no source distribution of $version"; exit 1; }

try() { # EXTRAS COMMAND...
    extras=$1
    shift
    echo "studioctl$extras: $*"
    (cd "$work/trial" && "$work/env$extras/bin/studioctl" "$@" >"$work/trial.log" 2>&1) ||
        { cat "$work/trial.log"; exit 1; }
}

for extras in "" "[audit,local,terraform,tune,ui]"; do
    rm -rf "$work/trial"
    mkdir "$work/trial"
    "$python" -m venv "$work/env$extras"
    "$work/env$extras/bin/python" -m pip install --quiet "$wheel$extras"
    try "$extras" version
    grep -q "^studioctl  *$version\$" "$work/trial.log"
    try "$extras" docs first-environment
    try "$extras" init --name acme-ml --region us-east-1 --user ada
    try "$extras" validate
done
try "$extras" emulator start
try "$extras" emulator inventory
try "$extras" emulator stop
try "$extras" tune init

# What needs an extra says how to install it, and does not fail in another way.
if "$work/env/bin/studioctl" emulator start >"$work/trial.log" 2>&1 || ! grep -q 'studioctl\[local\]' "$work/trial.log"; then
    echo "Without the extra, emulator start should name it:"
    cat "$work/trial.log"
    exit 1
fi
if "$work/env/bin/studioctl" tune list >"$work/trial.log" 2>&1 || ! grep -q 'studioctl\[tune\]' "$work/trial.log"; then
    echo "Without the extra, tune should name it:"
    cat "$work/trial.log"
    exit 1
fi
if "$work/env/bin/studioctl" ui >"$work/trial.log" 2>&1 || ! grep -q 'studioctl\[ui\]' "$work/trial.log"; then
    echo "Without the extra, ui should name it:"
    cat "$work/trial.log"
    exit 1
fi
ls -l dist
