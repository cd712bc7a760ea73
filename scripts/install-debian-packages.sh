#!/usr/bin/env bash
# Makes sure that the named tools are there: redis-server, chromium, postgresql.
# As root on Debian or Ubuntu it installs what is missing; anywhere else it says in one line what to install, and fails.
# Services that come with a package are not started: the tests start their own.
set -euo pipefail

is_there() {
  case "$1" in
    redis-server) [ -n "${REDIS_SERVER_BIN:-}" ] || command -v redis-server || command -v valkey-server ;;
    chromium) [ -n "${CHROMIUM_BIN:-}" ] || command -v chromium ;;
    postgresql) [ -n "${POSTGRES_BIN_DIR:-}" ] || command -v postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
}

missing=()
for package in "$@"; do is_there "$package" || missing+=("$package"); done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "The tests need ${missing[*]} on this machine: install it, for example with 'sudo apt-get install ${missing[*]}' or 'brew install ${missing[*]/redis-server/redis}'." >&2
  exit 1
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi

log=$(mktemp)
echo "Installing ${missing[*]} with apt-get …"
export DEBIAN_FRONTEND=noninteractive
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 20 "$log" >&2
  echo "apt-get could not install ${missing[*]}; its whole output is in $log." >&2
  exit 1
fi
rm -f "$log"
