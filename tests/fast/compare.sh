#!/usr/bin/env bash
# Answers compared with an independent engine, SQLite: several hundred statements, random queries, and the benchmark's 13.
set -e
depot=$(realpath "$1")
cd "$(dirname "$0")/../oracle"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -B compare.py "$depot"
python3 -B random_queries.py "$depot" --seconds 3 --seed 1
python3 -B compare_ssb.py "$depot" "$folder"
