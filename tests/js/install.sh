#!/usr/bin/env bash
# Installs what the JavaScript tests need, once, into tests/js/node_modules.
set -euo pipefail
cd "$(dirname "$0")"
stamp=node_modules/.installed
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(sha256sum <package.json)" ] && exit 0
npm install --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error
sha256sum <package.json >"$stamp"
