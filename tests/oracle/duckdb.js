// DuckDB behind lines of JSON: {"sql": …} in, {"rows": …} or {"error": …} out; every cell is text or null. NODE_PATH names the folder
// with @duckdb/node-api.
const readline = require('readline');
const { DuckDBInstance } = require('@duckdb/node-api');

async function main() {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    for await (const line of readline.createInterface({ input: process.stdin })) {
        let answer;
        try {
            const reader = await connection.runAndReadAll(JSON.parse(line).sql);
            answer = { rows: reader.getRows().map((row) => row.map((cell) => (cell === null ? null : String(cell)))) };
        } catch (error) {
            answer = { error: String(error.message) };
        }
        process.stdout.write(JSON.stringify(answer) + '\n');
    }
}
main();
