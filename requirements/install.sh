#!/usr/bin/env bash
# Installs what is missing, and only that: requirements/install.sh run|test
#   run   what the booth and its simulation need, into .venv
#   test  besides that, what the checks and tests need: linters, a database, a browser, ROS 2
set -euo pipefail
cd "$(dirname "$0")/.."
group=${1:-run}
venv=${VENV:-.venv}

fail() {
    echo "install: $*" >&2
    exit 1
}

debian_packages() {
    local names missing=()
    names=$(sed -n "s/^$1: //p" requirements/system.txt)
    for entry in $names; do
        local name=${entry%%/*} program=${entry#*/}
        if [ "$program" != "$entry" ] && command -v "$program" >/dev/null; then continue; fi
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q '^install ok' || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local sudo=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            fail "these Debian packages are missing: ${missing[*]}; as root run: apt-get install ${missing[*]}"
        sudo=sudo
    fi
    echo "Installing Debian packages: ${missing[*]}"
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Reinstalls when a requirement file changed since the stamp, so that a pull needs no thought.
python_packages() {
    local stamp=$venv/.$1-installed
    shift
    local sum
    sum=$(cat "$@" pyproject.toml | sha256sum)
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ] && return 0
    echo "Installing Python packages from: $*"
    for file in "$@"; do
        case $file in
            *.nodeps.txt) "$venv/bin/pip" install -q --no-deps -r "$file" ;;
            *) "$venv/bin/pip" install -q --use-pep517 -r "$file" ;;
        esac
    done
    echo "$sum" >"$stamp"
}

command -v apt-get >/dev/null || fail "no apt-get here; Debian 12 is what this project is tested on"
debian_packages run
python=$(command -v python3.11 || command -v python3) || fail "no python3; install Python 3.11"
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' ||
    fail "$("$python" --version) found, 3.11 or 3.12 wanted; install python3.11"
[ -x "$venv/bin/pip" ] || "$python" -m venv "$venv"
python_packages run requirements/runtime.txt
if [ ! -x "$venv/bin/booth" ] || [ pyproject.toml -nt "$venv/bin/booth" ]; then
    "$venv/bin/pip" install -q hatchling==1.27.0 editables==0.5
    "$venv/bin/pip" install -q --no-deps --no-build-isolation -e .
    touch "$venv/bin/booth"
fi
if [ "$group" = test ]; then
    debian_packages test
    python_packages test requirements/dev.txt requirements/ros.txt
fi
