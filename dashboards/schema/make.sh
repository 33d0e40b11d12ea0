#!/bin/sh
# Makes ../mlvitals_dashboards/schema/*.json anew. Needs Node 20 or later and npm; nothing else in the project does.
set -eu
cd "$(dirname "$0")"
npm ci --no-audit --no-fund
node make.mjs
