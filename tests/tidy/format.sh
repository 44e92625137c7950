#!/usr/bin/env bash
# Every C file is as .clang-format says.
cd "$(dirname "$0")/../.." || exit 1
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror && echo "$(git ls-files '*.c' '*.h' | wc -l) files formatted"
