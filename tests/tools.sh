#!/bin/sh
# Install Chromium, PostgreSQL, promtool and zsh, and with `soak` what the heavy tests need, where they are missing and may be
# installed (root, apt); else say what is skipped.
missing=""
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="chromium fonts-dejavu-core"
command -v pg_config >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v promtool >/dev/null || missing="$missing prometheus"
command -v zsh >/dev/null || missing="$missing zsh"
if [ "$1" = soak ]; then
  command -v redis-server >/dev/null || missing="$missing redis-server"
  command -v faketime >/dev/null || missing="$missing faketime"
  command -v nginx >/dev/null || missing="$missing nginx"
  command -v wrk >/dev/null || missing="$missing wrk"
  if command -v npm >/dev/null && ! { command -v redocly && command -v spectral; } >/dev/null; then
    echo "==> Installing for the tests: redocly and spectral"
    npm install --global --silent @redocly/cli @stoplight/spectral-cli || echo "==> NOT INSTALLED: redocly, spectral." >&2
  fi
fi
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "==> Installing for the tests: $missing"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086
  apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null && exit 0
fi
echo "==> NOT INSTALLED: $missing. The tests that need them are SKIPPED, by name." >&2
exit 0
