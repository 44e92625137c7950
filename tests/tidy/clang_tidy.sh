#!/usr/bin/env bash
# clang-tidy over all of the engine, parser, storage, tools and datasets (the checks stand in .clang-tidy), or over FILES. It reads
# what the clang build left: its compile commands and the generated parser.
# usage: clang_tidy.sh [FILES…]
cd "$(dirname "$0")/../.." || exit 1
[ -e build/clang/depot ] || { cmake --preset clang && cmake --build --preset clang; } >/dev/null || exit 1
{ [ $# -gt 0 ] && printf '%s\n' "$@" || git ls-files 'engine/*.c' 'storage/*.c' 'parser/*.c' 'tools/*.c' 'datasets/*.c'; } |
    xargs -P 2 -n 8 clang-tidy -p build/clang --quiet --warnings-as-errors='*' 2> >(grep -v 'warnings* generated' >&2)
