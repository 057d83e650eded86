// Leave out of style sheets, in the folder of a site, what none of its pages and scripts can use.
import { writeFileSync } from "node:fs";
import { PurgeCSS } from "purgecss";

const content = ["**/*.html", "**/*.js"];
const words = (text) => [...text.match(/[\w-]+/g), ...text.match(/[^\s"'<>]+/g)]; // names, addresses
const extractors = [{ extractor: words, extensions: ["html", "js"] }];
const safelist = [/^bs-/]; // a script puts these names together
const sheets = await new PurgeCSS().purge({ content, css: process.argv.slice(2), extractors, safelist });
for (const { file, css } of sheets) writeFileSync(file, css);
