#!/usr/bin/env bash
# The shell at a terminal: several lines to a statement, backslash commands, history, and Ctrl-C: within 100 ms back at the prompt
# (LIMIT_MS), no file left behind, the next query works. usage: interrupt.sh DEPOT
depot=$(realpath "${1:-build/release/depot}")
exec python3 "$(dirname "$0")/interrupt.py" "$depot" "${LIMIT_MS:-100}"
