#!/usr/bin/env bash
# Make a virtual environment with neurofilm in it, ready to run: tools/setup.sh [FOLDER]
# Called by the Makefile, which skips it while pyproject.toml, constraints.txt and this file are older than the environment.
# $PYTHON names another interpreter. Written for bash 3.2, which macOS still has.
set -euo pipefail
venv=${1:-.venv}

say() { printf '%s\n' "$*" >&2; }
die() { say "setup: $*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# ---- an interpreter that is new enough

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

python=
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
    if has "$candidate" && is_new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    found=$("${PYTHON:-python3}" -V 2>/dev/null) || found="no ${PYTHON:-python3}"
    die "neurofilm needs Python 3.11 or newer and found $found; install one, or name it: make setup PYTHON=/path/to/python3.12"
fi

# ---- what pycairo and manimpango are compiled with

works_compiler() { # macOS has a cc that only offers to install the real one
    if [ "$(uname -s)" = Darwin ]; then xcode-select -p >/dev/null 2>&1; else has cc; fi
}
works_headers() { has pkg-config && pkg-config --exists cairo pangocairo pangoft2; }
works_python_headers() {
    "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))'
}
works_venv() { "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; }

missing=
add() { missing="$missing${missing:+, }$1"; }
works_compiler || add "a C compiler"
has pkg-config || add "pkg-config"
works_headers || add "the headers of cairo and pango"
works_python_headers || add "the headers of Python"
works_venv || add "Python's venv module"

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif has sudo; then sudo "$@"
    else die "$missing must be installed: run this as root: $*"; fi
}

install_with_apt() {
    # python3.12-venv belongs to python3.12; python3-venv only to whichever Python is the system's own
    version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    packages=
    works_compiler || packages="$packages gcc libc6-dev"
    has pkg-config || packages="$packages pkg-config"
    works_headers || packages="$packages libcairo2-dev libpango1.0-dev"
    works_python_headers || packages="$packages $version-dev"
    works_venv || packages="$packages $version-venv"
    as_root apt-get update -qq >/dev/null
    # shellcheck disable=SC2086  # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

install_with_brew() {
    works_compiler || die "a C compiler is missing; install one: xcode-select --install"
    brew install cairo pango pkg-config
}

if [ -n "$missing" ]; then
    say "Installing what pycairo and manimpango are compiled with: $missing"
    if has apt-get; then install_with_apt
    elif has brew; then install_with_brew
    else
        die "missing: $missing; install a C compiler, pkg-config and the development packages of Python, cairo and pango" \
            "(Fedora: gcc pkgconf python3-devel cairo-devel pango-devel; Arch: base-devel cairo pango), then run this again"
    fi
    if ! { works_compiler && works_headers && works_python_headers && works_venv; }; then
        die "still missing after the installation: $missing; if $(command -v "$python") is not the system's Python," \
            "it must bring its own headers and venv module"
    fi
fi

# ---- the environment

if ! { is_new_enough "$venv/bin/python" && "$venv/bin/python" -m pip --version >/dev/null 2>&1; }; then
    say "Making $venv with $("$python" -V)"
    "$python" -m venv --clear "$venv"
fi
say "Installing neurofilm and what it needs into $venv (a few minutes the first time)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --use-pep517 -c constraints.txt -e '.[dev]'
touch "$venv/.ready"
