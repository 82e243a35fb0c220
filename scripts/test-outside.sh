#!/usr/bin/env bash
# Tests from outside: the release binary, met by the official openai package and by a real browser.
# Arguments are words that a test's name must hold. The last line says how many passed.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() {
    if [ -n "${CI:-}" ]; then
        echo "FAILED: $1" >&2
        echo "0 passed, 1 failed"
        exit 1
    fi
    echo "skipped: $1"
    echo "0 passed, 0 failed"
    exit 0
}

binary=${PALLET_BINARY:-.build/release/pallet}
[ -x "$binary" ] || { echo "There is no $binary: make build" >&2; exit 69; }
command -v python3 >/dev/null || skip "no python3"

# The environment is made once for each state of the list of versions.
requirements=Tests/Outside/requirements.txt
stamp=".venv/outside-$(sha256sum $requirements | cut -c1-16)"
if [ ! -f "$stamp" ]; then
    rm -rf .venv
    python3 -m venv .venv || skip "python3 -m venv does not work (Debian: python3-venv)"
    .venv/bin/pip install --quiet --disable-pip-version-check --requirement $requirements \
        || skip "the openai package cannot be fetched"
    touch "$stamp"
fi
exec .venv/bin/python Tests/Outside/run.py "$@"
