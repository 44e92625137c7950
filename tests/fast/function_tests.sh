#!/usr/bin/env bash
# Every function of the table has tests of NULL, of ordinary calls, of its limits and of empty text.
exec python3 -B "$(dirname "$0")/../functions/check.py" "$1"
