#!/usr/bin/env bash
# Every lesson shows what it says: the files of datasets/lessons run against the sample, the claims beside their statements are
# checked (lessons.py). usage: lessons.sh DEPOT [LESSON…]
set -eu
depot=$(realpath "$1")
shift
cd "$(dirname "$0")/../.."
[ $# -gt 0 ] || set -- datasets/lessons/*.sql
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$depot" gen sample --into "$folder/sample" 2>"$folder/log" || { cat "$folder/log"; exit 1; }
python3 tests/fast/lessons.py "$depot" "$folder/sample" "$@"
