#!/usr/bin/env bash
# Every aggregate and window function has generated tests of NULLs, ties, one row, no row and overflow.
exec python3 -B "$(dirname "$0")/../aggregates/generate.py" --check
