#!/usr/bin/env bash
# What a machine can check of the house: the fixed top level, who may include whom, forbidden calls, sizes of files.
cd "$(dirname "$0")/../.." || exit 1
problems=0
complain() {
    echo "$1"
    problems=$((problems + 1))
}
for entry in $(git ls-files | cut -d/ -f1 | sort -u); do
    case $entry in
    engine | parser | storage | tools | datasets | tests | CMakeLists.txt | CMakePresets.json | README.md | LICENSE | .*) ;;
    *) complain "not in the fixed top level: $entry" ;;
    esac
done
# forbid FOLDER PATTERN WHY: no file of the folder may include a header that matches.
forbid() {
    local hits
    hits=$(git grep -nE "^#include \"($2)" -- "$1/*.c" "$1/*.h" "$1/*.re" "$1/*.y" || true)
    [ -z "$hits" ] || complain "$3:"$'\n'"$hits"
}
forbid engine/core 'kernels/|expr/|bind/|plan/|exec/|session/|parser/|storage/' "core includes nothing above it"
forbid engine/kernels 'expr/|bind/|plan/|exec/|session/|parser/|storage/' "kernels include only core"
forbid parser 'kernels/|expr/|bind/|plan/|exec/|session/|storage/' "parser includes only core"
forbid storage 'expr/|bind/|plan/|exec/|session/|parser/' "storage knows no SQL"
forbid engine/expr 'bind/|plan/|exec/|session/|parser/' "expr includes only kernels and core"
forbid engine/plan 'bind/|exec/|session/|parser/' "plan includes only expr and storage"
forbid engine/exec 'bind/|session/|parser/' "exec includes only plan, expr, kernels, storage"
forbid tools 'core/|kernels/|expr/|bind/|plan/|exec/|session/|parser/|storage/' "tools use the public header only"
forbid datasets 'core/|kernels/|expr/|bind/|plan/|exec/|session/|parser/|storage/' "datasets use the public header only"
hits=$(git grep -nE '\b(gets|sprintf|strtok|alloca|abort|exit|longjmp|setjmp)\(' -- 'engine/*.c' 'storage/*.c' 'parser/*.c' 'parser/*.re' 'parser/*.y' || true)
[ -z "$hits" ] || complain "forbidden calls below tools/:"$'\n'"$hits"
hits=$(git grep -nE '\b(printf|fprintf|puts|perror)\(' -- 'engine/*.c' 'storage/*.c' 'parser/*.c' 'parser/*.re' 'parser/*.y' || true)
[ -z "$hits" ] || complain "printing below tools/:"$'\n'"$hits"
while read -r lines file; do
    [ "$file" = total ] || [ "$lines" -le 900 ] || complain "$file has $lines lines: is it two things?"
done < <(git ls-files '*.c' '*.h' '*.re' '*.y' | grep -v '^tests/' | xargs wc -l)
[ $problems = 0 ] && echo "the house is in order"
