#!/usr/bin/env bash
# The contract of the command line: output formats, streams, exit statuses, standard input answered statement by statement.
# usage: cli.sh DEPOT
set -uo pipefail
depot=$(realpath "${1:-build/dev/depot}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
checks=0 wrong=0
# expect NAME STATUS STDOUT PATTERN ARGUMENT…: runs depot with $stdin; STDOUT must be equal, PATTERN match standard error ("": none).
stdin=""
expect() {
    local name=$1 status=$2 out=$3 pattern=$4 got_status=0
    shift 4
    "$depot" "$@" < <(printf "%s" "$stdin") >"$dir/out" 2>"$dir/err" || got_status=$?
    printf '%s' "$out" >"$dir/wanted"
    checks=$((checks + 1))
    if [ $got_status != "$status" ] || ! cmp -s "$dir/out" "$dir/wanted" ||
        { [ -z "$pattern" ] && [ -s "$dir/err" ]; } || { [ -n "$pattern" ] && ! grep -qE -- "$pattern" "$dir/err"; }; then
        wrong=$((wrong + 1))
        echo "WRONG   $name: status $got_status (wanted $status)"
        diff "$dir/wanted" "$dir/out" | sed 's/^/    /'
        sed 's/^/    error: /' "$dir/err"
    fi
    stdin=""
}
n=$'\n' t=$'\t'

# ---- formats: values, NULL, quoting, an empty result, a statement without rows
query="SELECT * FROM (VALUES (1, 'x|y<\"', true, DATE '2020-01-31', 1.50), (2, 'tab${t}line${n}end', false, NULL, NULL)) v (n, s, b, d, m)"
none="CREATE TABLE t (a integer, b varchar(5)); SELECT * FROM t"
expect "csv" 0 "n,s,b,d,m${n}1,\"x|y<\"\"\",t,2020-01-31,1.50${n}2,\"tab${t}line${n}end\",f,,${n}" "" --format csv -c "$query"
expect "csv, empty" 0 "a,b${n}" "" --format csv -c "$none"
expect "tsv" 0 "n${t}s${t}b${t}d${t}m${n}1${t}x|y<\"${t}t${t}2020-01-31${t}1.50${n}2${t}tab\\tline\\nend${t}f${t}${t}${n}" "" --format tsv -c "$query"
expect "tsv, empty" 0 "a${t}b${n}" "" --format tsv -c "$none"
expect "json" 0 "[{\"n\":1,\"s\":\"x|y<\\\"\",\"b\":true,\"d\":\"2020-01-31\",\"m\":1.50},${n}{\"n\":2,\"s\":\"tab\\tline\\nend\",\"b\":false,\"d\":null,\"m\":null}]${n}" "" --format json -c "$query"
expect "json, empty" 0 "[]${n}" "" --format json -c "$none"
expect "jsonl" 0 "{\"n\":1,\"s\":\"x|y<\\\"\",\"b\":true,\"d\":\"2020-01-31\",\"m\":1.50}${n}{\"n\":2,\"s\":\"tab\\tline\\nend\",\"b\":false,\"d\":null,\"m\":null}${n}" "" --format jsonl -c "$query"
expect "jsonl, empty" 0 "" "" --format jsonl -c "$none"
expect "markdown" 0 "| n   | s    |${n}|----:|------|${n}|   1 | a\\|b |${n}" "" --format markdown -c "SELECT 1 AS n, 'a|b' AS s"
expect "html" 0 "<table>${n}<tr><th>n</th><th>s</th></tr>${n}<tr><td align=\"right\">1</td><td>&lt;b&gt; &amp;</td></tr>${n}</table>${n}" "" --format html -c "SELECT 1 AS n, '<b> &' AS s"
expect "line" 0 "n = 1${n}s = x${n}" "" --format line -c "SELECT 1 AS n, 'x' AS s"
expect "insert" 0 "INSERT INTO result VALUES (1, 'it''s', NULL);${n}" "" --format insert -c "SELECT 1 AS n, 'it''s' AS s, NULL AS z"
expect "box" 0 "┌─────┬─────┐${n}│ n   │ s   │${n}├─────┼─────┤${n}│   1 │ äö  │${n}└─────┴─────┘${n}(1 row)${n}" "" -c "SELECT 1 AS n, 'äö' AS s"
expect "box, empty" 0 "CREATE TABLE${n}┌─────┬─────┐${n}│ a   │ b   │${n}├─────┼─────┤${n}└─────┴─────┘${n}(0 rows)${n}" "" -c "$none"
expect "box, tags" 0 "CREATE TABLE${n}INSERT 2${n}" "" -c "CREATE TABLE t (a integer); INSERT INTO t VALUES (1), (2)"
expect "vertical" 0 "-[ RECORD 1 ]------------${n}n | 1${n}s | x${n}" "" --format vertical -c "SELECT 1 AS n, 'x' AS s"
expect "no wrapping in a pipe" 0 "r${n}$(printf 'x%.0s' $(seq 500))${n}" "" --format csv -c "SELECT repeat('x', 500) AS r"
expect "--null, --no-header" 0 "\\N,1${n}" "" --format csv --null '\N' --no-header -c "SELECT NULL, 1"
expect "empty text is not NULL in csv" 0 "\"\",${n}" "" --format csv --no-header -c "SELECT '', NULL"

# ---- COPY over standard input and output: rows stand behind the statement, up to \. or the end
stdin="CREATE TABLE t (a integer, b varchar(9));${n}COPY t FROM STDIN;${n}1${t}x\\ty${n}2${t}\\N${n}\\.${n}"
stdin+="COPY t FROM STDIN (FORMAT csv);${n}3,\"a \"\"q\"\"\"${n}\\.${n}COPY (SELECT * FROM t ORDER BY a) TO STDOUT;${n}"
expect "COPY FROM STDIN, TO STDOUT" 0 "CREATE TABLE${n}COPY 2${n}COPY 1${n}1${t}x\ty${n}2${t}\N${n}3${t}a \"q\"${n}" ""
stdin="7,seven${n}8,eight${n}"
expect "rows for -c" 0 "{\"a\":7,\"b\":\"seven\"}${n}{\"a\":8,\"b\":\"eight\"}${n}" "" --format csv -c "CREATE TABLE t (a integer, b varchar(9)); COPY t FROM STDIN csv" -c "COPY (SELECT * FROM t ORDER BY a) TO STDOUT (FORMAT json)"
stdin="CREATE TABLE t (a integer);${n}COPY t FROM STDIN;${n}1${n}bad${n}SELECT 2;${n}\.${n}SELECT 3 AS a;${n}"
expect "rows that a failed COPY leaves" 1 "a${n}3${n}" "standard input, line 2, column a" --format csv --keep-going

# ---- what ends a query and takes its rows
stdin="SELECT 7 AS n, 'it''s' AS s, NULL AS z \\gset v_${n}SELECT :v_n + 1 AS n, :'v_s' AS s, 'a \\g b' AS t${n} \\g${n}SELECT 2 AS n \\gx${n}"
expect "\\gset, \\g, \\gx" 0 "┌─────┬──────┬────────┐${n}│ n   │ s    │ t      │${n}├─────┼──────┼────────┤${n}│   8 │ it's │ a \\g b │${n}└─────┴──────┴────────┘${n}(1 row)${n}-[ RECORD 1 ]------------${n}n | 2${n}" ""
expect "\\gset of two rows" 1 "" "^more than one row returned for .gset" -c "SELECT 1 AS a UNION ALL SELECT 2 \\gset"
expect "\\gset of no row" 1 "" "^no rows returned for .gset" -c "SELECT 1 AS a LIMIT 0 \\gset"
expect "\\d+" 0 "column,type,nullable,encoding,distkey,sortkey,partition,default${n}a,integer,\"\",auto,\"\",\"\",\"\",\"\"${n}diststyle,sortkey1,rows,mb,skew_rows,stats_off${n}AUTO(EVEN),,1,1,1,0${n}of,comment${n}t,facts${n}a,key${n}" "" --nodes 1 --slices 1 --format csv -c "CREATE TABLE t (a integer); INSERT INTO t VALUES (1); COMMENT ON TABLE t IS 'facts'; COMMENT ON COLUMN t.a IS 'key'" -c "\\d+ t"

# ---- several statements, blanks, comments, errors, exit statuses
one="SELECT 1 AS a"
expect "several -c" 0 "a${n}1${n}b${n}2${n}a${n}1${n}" "" --format csv -c "$one; SELECT 2 AS b;" -c "$one"
expect "empty statements and comments" 0 "a${n}1${n}" "" --format csv -c ";; -- nothing${n} /* SELECT 3; */ ; $one ; ; -- end"
expect "nothing at all" 0 "" "" -c "  -- nothing"
expect "an error ends -c" 1 "a${n}1${n}" "^ERROR:  .*\(42703\)" --format csv -c "$one; SELECT x; $one" -c "$one"
expect "--keep-going" 1 "a${n}1${n}a${n}1${n}" "^ERROR:  .*\(42703\)" --format csv --keep-going -c "$one; SELECT x; $one"
expect "caret" 1 "" "^LINE 1: SELECT x$" -c "SELECT x"
expect "syntax error" 1 "" "\(42601\)" -c "SELEC 1"
expect "division by zero" 1 "" "\(22012\)" --format csv --no-header -c "SELECT 1 / (n - n) FROM generate_series(1, 3) AS g (n)"
expect "wrong option" 2 "" "wrong argument" --bogus
expect "option without value" 2 "" "wrong argument" -c
expect "unknown format" 2 "" "wrong argument" --format xx -c "$one"
expect "two warehouses" 2 "" "wrong argument" "$dir/a" "$dir/b" -c "$one"
expect "unknown setting" 2 "" "\(42704\)" --set nope=1 -c "$one"
expect "--set" 0 "threads${n}1${n}" "" --format csv --set threads=1 -c "SHOW threads"
expect "no folder above" 3 "" "^ERROR:" "$dir/no/folder/w" -c "$one"
expect "--read-only, missing" 3 "" "^ERROR:" --read-only "$dir/missing" -c "$one"
[ ! -e "$dir/missing" ] || { echo "WRONG   --read-only made a folder" && wrong=$((wrong + 1)); }
expect "created" 0 "CREATE TABLE${n}INSERT 3${n}" "" "$dir/w" --nodes 2 --slices 3 -c "CREATE TABLE t (a integer); INSERT INTO t VALUES (1), (2), (3)"
expect "--read-only reads" 0 "sum${n}6${n}" "" --read-only "$dir/w" --format csv -c "SELECT sum(a) FROM t"
expect "--read-only writes nothing" 1 "" "^ERROR:.*\(25006\)" --read-only "$dir/w" -c "INSERT INTO t VALUES (4)"
expect "a file is no warehouse" 3 "" "^ERROR:" "$dir/wanted" -c "$one"

# ---- files and standard input
printf 'SELECT 7 AS a;\n\\echo between\nSELECT\n  8 AS b' >two.sql
expect "-f" 0 "a${n}7${n}between${n}b${n}8${n}" "" --format csv -f two.sql
expect "-f and -c in order" 0 "a${n}1${n}a${n}7${n}between${n}b${n}8${n}" "" --format csv -c "$one" -f two.sql
expect "-f, missing file" 1 "" "cannot read missing.sql: No such file" -f missing.sql
expect "-f, a folder" 1 "" "cannot read \..*: Is a directory" -f .
stdin="SELECT 1 AS a;${n}SELECT${n}2${n}AS b;\\echo end of answer${n}SELECT 3 AS c"
expect "standard input" 0 "a${n}1${n}b${n}2${n}end of answer${n}c${n}3${n}" "" --format csv
stdin="$one; SELECT x;${n}\\echo after${n}$one;"
expect "standard input, error" 1 "a${n}1${n}" "\(42703\)" --format csv
stdin="$one; SELECT x;${n}\\echo after${n}$one;"
expect "standard input, --keep-going" 1 "a${n}1${n}after${n}a${n}1${n}" "\(42703\)" --format csv --keep-going
stdin="\\nothing${n}$one;"
expect "unknown command, --keep-going" 1 "a${n}1${n}" "invalid command" --format csv --keep-going
stdin="$one;${n}\\q${n}$one;"
expect "\\q leaves" 0 "a${n}1${n}" "" --format csv
stdin="\\i two.sql${n}"
expect "\\i" 0 "a${n}7${n}between${n}b${n}8${n}" "" --format csv
stdin="\\set x 5${n}\\echo x is :x, not \":x\"${n}"
expect "\\echo replaces variables" 0 "x is 5, not \":x\"${n}" "" --format csv
mkdir files
printf 'a,b\n1,2\n' >files/data.csv
mkfifo files/pipe
expect "a folder of files, and a pipe that is none" 0 "a,b${n}1,2${n}" "" --format csv -c "SELECT * FROM 'files'"
{
    echo "CREATE TABLE many (a int, b int); INSERT INTO many VALUES"
    seq -f "(%g, 1)," 30000
    echo "(0, 0); SELECT count(*) AS count FROM many;"
} >lines.sql
checks=$((checks + 1)) # half a minute, if every line meant reading all before it again
[ "$(timeout 15 "$depot" --format csv --no-header -f lines.sql 2>&1 | tail -n 1)" = 30001 ] || { echo "WRONG   a statement of 30000 lines" && wrong=$((wrong + 1)); }
stdin="SELECT ';' AS a -- ; no end${n}, 2 AS b;${n}"
expect "semicolons in quotes and comments" 0 "a,b${n};,2${n}" "" --format csv
expect "--echo" 0 "SELECT 1 AS a;${n}a${n}1${n}" "" --format csv --echo -c "SELECT 1 AS a;"

# ---- --timing: one line per statement, failed ones too, none for backslash commands
stdin="$one;${n}\\echo x${n}SELECT x;${n}CREATE TABLE t (a integer);"
printf '%s' "$stdin" | "$depot" --format csv --keep-going --timing >/dev/null 2>err
checks=$((checks + 1))
[ "$(grep -cE '^Time: [0-9]+\.[0-9]{3} ms$' err)" = 3 ] || { echo "WRONG   --timing:" && cat err && wrong=$((wrong + 1)); }

# ---- every answer is out before the next statement is read
coproc driver { "$depot" --format csv --no-header --keep-going 2>&1; }
for i in 1 2 3; do
    checks=$((checks + 1))
    printf 'SELECT %d;\nSELECT x;\n\\echo done\n' $i >&"${driver[1]}"
    answer=""
    while read -r -t 10 line <&"${driver[0]}"; do
        answer+="$line|"
        [ "$line" != done ] || break
    done
    [[ $answer == "$i|ERROR: "*"|done|" ]] || { echo "WRONG   answered late: $answer" && wrong=$((wrong + 1)); }
done
eval "exec ${driver[1]}>&-"
wait "${driver_PID:-}" 2>/dev/null

# ---- a file that may not grow: the statement says so, and the table is what it was
"$depot" "$dir/full" -c "CREATE TABLE t (a INT, b VARCHAR)" -c "INSERT INTO t VALUES (1, 'x')" >out 2>err
(ulimit -f 16; "$depot" "$dir/full" -c "INSERT INTO t SELECT g, repeat((g * 7919)::VARCHAR, 20) FROM generate_series(1, 20000) n(g)" >out 2>err)
checks=$((checks + 1))
grep -q "^ERROR:.*File too large (58030)" err || { echo "WRONG   limit of file sizes: $(head -c 200 err)" && wrong=$((wrong + 1)); }
expect "after the limit" 0 "a,b${n}1,x${n}" "" "$dir/full" --format csv -c "SELECT * FROM t"

# ---- a program's statement: conditions by the ten thousand are planned in time
checks=$((checks + 1))
{ printf 'SELECT count(*) FROM generate_series(1, 30000) g(x) WHERE true'; printf ' AND x <> %d' {1..20000}; } >many.sql
[ "$(timeout 60 "$depot" --format csv --no-header -f many.sql 2>&1)" = 10000 ] || { echo "WRONG   20000 conditions" && wrong=$((wrong + 1)); }

# ---- a warehouse in memory by its name leaves nothing behind
expect "in memory" 0 "a${n}1${n}" "" :memory: --format csv -c "SELECT 1 AS a"
checks=$((checks + 1))
[ ! -e :memory: ] || { echo "WRONG   :memory: is a folder" && wrong=$((wrong + 1)); }

# ---- a benchmark finds DuckDB's library, or says how to get it
checks=$((checks + 1))
DUCKDB_LIBRARY=$dir/missing.so "$depot" bench ssb --against duckdb --scale 0.001 >out 2>err
grep -q "cannot read $dir/missing.so" err || { echo "WRONG   bench without DuckDB's library" && wrong=$((wrong + 1)); }

# ---- one thread against two: a line for each query between the heading and the sum
checks=$((checks + 1))
mkdir bench && "$depot" gen ssb --scale 0.001 --into bench/depot >/dev/null 2>&1
"$depot" bench ssb --against none --scaling --loaded --dir bench --runs 5 >out 2>err
[ "$(grep -cE '^q[1-4]_[1-4]( +[0-9]+[.][0-9]{2}){6}$' out)" = 13 ] && grep -qE '^sum( +[0-9]+[.][0-9]{2}){6}$' out && [ ! -s err ] ||
    { echo "WRONG   bench --scaling" && wrong=$((wrong + 1)); }
expect "bench, alone but not by threads" 2 "" "usage" bench ssb --against none --loaded --dir bench

# ---- help and version on standard output, wrong usage on standard error
for command in "" gen check inspect test bench; do
    checks=$((checks + 1))
    # shellcheck disable=SC2086
    help=$("$depot" $command --help 2>err) && [ -n "$help" ] && [ ! -s err ] || { echo "WRONG   $command --help" && wrong=$((wrong + 1)); }
    [ -z "$command" ] || expect "$command, wrong option" 2 "" "usage|wrong|needed" $command --nonsense
done
checks=$((checks + 1))
"$depot" --version | grep -qE '^depot [0-9]+\.[0-9]+' || { echo "WRONG   --version" && wrong=$((wrong + 1)); }
expect "check, no warehouse" 3 "" "^ERROR:" check "$dir/missing"
expect "check" 0 "no problem found${n}" "" check "$dir/w"

# ---- variables: as they are, as text, as a name; not in quotes, comments and casts; lists of schemas and views
stdin="\\set n 5${n}\\set who 'it''s me'${n}SELECT :n + 1 AS a, :'who' AS b, ':n' AS c, '7'::int AS :\"who\" -- :n${n};\\unset n${n}\\set${n}"
expect "variables" 0 "a,b,c,it's me${n}6,it's me,:n,7${n}who = 'it's me'${n}" "" --format csv
stdin="SELECT :n;"
expect "a variable that is not set" 1 "" "syntax error" --format csv
stdin="CREATE VIEW v AS SELECT 1 AS one;${n}\\dv${n}\\l${n}"
expect "views and the warehouse" 0 "schema,view,definition${n}public,v,SELECT 1 AS one${n}warehouse,collation${n}memory,C${n}" "" --format csv

# ---- the cost line: the same bytes as the query log's
stdin="CREATE TABLE t (a int); INSERT INTO t SELECT n FROM generate_series(1, 9999) g(n);${n}\\cost on${n}SELECT sum(a) FROM t;"
expect "cost line" 0 "sum${n}49995000${n}" "^NOTICE:  scanned [1-9][0-9]* bytes: .0.00000" --format csv
stdin="CREATE TABLE t (a int); INSERT INTO t SELECT n FROM generate_series(1, 9999) g(n); SET show_cost = on; SELECT sum(a) FROM t;
SET show_cost = off; SELECT scanned_bytes FROM sys_query_history WHERE query_text LIKE 'SELECT sum%';"
checks=$((checks + 1))
told=$(printf '%s' "$stdin" | "$depot" --format tsv --no-header 2>&1 | grep -oE '^[0-9]+$|scanned [0-9]+ bytes' | grep -oE '[0-9]+' | sort -u | wc -l)
[ "$told" = 2 ] || { echo "WRONG   cost line and query log differ" && wrong=$((wrong + 1)); }
stdin=""

echo "$checks checks, $wrong wrong"
[ $wrong = 0 ]
