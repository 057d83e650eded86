// Typeset formulas as MathML: one JSON [TeX, whether it is a display] a line, answered by one.
import { createInterface } from "node:readline";
import temml from "temml";

for await (const line of createInterface({ input: process.stdin })) {
  const [tex, displayMode] = JSON.parse(line);
  const options = { displayMode, throwOnError: true, strict: true, wrap: displayMode ? "none" : "tex" };
  try {
    console.log(JSON.stringify([temml.renderToString(tex, options), ""]));
  } catch (error) {
    console.log(JSON.stringify(["", error.message]));
  }
}
