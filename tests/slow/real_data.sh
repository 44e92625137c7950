#!/usr/bin/env bash
# Real, untidy files into typed tables; answers compared with SQLite. Needs the data beside the checkout (REAL_DATA names it).
cd "$(dirname "$0")/../.." || exit 1
data=${REAL_DATA:-../shared/corpora/real}
if [ ! -d "$data" ]; then
    echo "skipped: there is no $data"
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 tests/real/load.py "$1" "$data" "$folder/warehouse"
