#!/usr/bin/env bash
# Installs the Debian packages that Pallet needs and that are missing, and says which. Usage: install-packages.sh NAME…
set -euo pipefail
missing=()
for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if ! command -v apt-get >/dev/null; then
    echo "Pallet needs: ${missing[*]} (Debian's names). This system has no apt-get: install them by hand." >&2
    exit 69
fi
root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "Pallet needs: ${missing[*]}. Run as root: apt-get install ${missing[*]}" >&2; exit 77; }
    root=(sudo)
fi
echo "Installing Debian packages: ${missing[*]}"
"${root[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
