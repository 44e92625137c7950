#!/usr/bin/env bash
# clang-tidy over all of the engine, parser, storage, tools and datasets (the checks stand in .clang-tidy).
cd "$(dirname "$0")/../.." || exit 1
git ls-files 'engine/*.c' 'storage/*.c' 'parser/*.c' 'tools/*.c' 'datasets/*.c' |
    xargs -P 2 -n 8 clang-tidy -p build/clang --quiet --warnings-as-errors='*'
