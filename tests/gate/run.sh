#!/usr/bin/env bash
# The gate: format, lint, types, imports, then every test. Stops at the first failure.
#   run.sh [--static] [--without TOOL]...
set -euo pipefail
cd "$(dirname "$0")/../.."
export VENV_BIN="$PWD/${VENV:-.venv}/bin"
export PATH="$VENV_BIN:$PATH"
. tests/gate/tools.sh
static="" without=()
while [ $# -gt 0 ]; do
  case "$1" in
    --static) static=1 ;;
    --without) without+=("$2"); shift ;;
    *) echo "unknown option: $1" >&2; exit 2 ;;
  esac
  shift
done
step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

step "format"; ruff format --check -q .
step "lint"; ruff check -q .
step "types"; mypy
step "imports"; lint-imports --no-cache | tail -n 25
[ -n "$static" ] && exit 0
step "tools"; need_tools "${without[@]}"
step "tests"
export BASTION_WITHOUT="${without[*]:-}"
python -m pytest -p no:cacheprovider -n 2 --dist loadfile --durations 15
step "done"
[ -z "${without[*]:-}" ] || echo "left out by --without: ${without[*]}"
