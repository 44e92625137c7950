#!/usr/bin/env bash
# Queries in less memory than their data needs: the answers are right, the times bounded, and nothing is left on disk (memory.py).
# usage: memory.sh DEPOT [--full]   --full: 60 million rows and scale 10 in 512 MB, about ten minutes and 10 GB in TMPDIR
depot=$(realpath "${1:-build/release/depot}")
exec python3 "$(dirname "$0")/memory.py" "$depot" "${@:2}"
