#!/usr/bin/env bash
# Over 200 wrong or unsupported statements: message, SQLSTATE, caret and hint are as written down.
exec python3 -B "$(dirname "$0")/../errors/positions.py" "$1"
