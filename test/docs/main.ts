/** Writes the generated pages of docs/: `npm run docs`. Reference pages that no area makes any more are removed. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../source-tree.ts";
import { generatedDocs } from "./generated-docs.ts";

const docs = generatedDocs();
mkdirSync(join(root, "docs/reference"), { recursive: true });
for (const name of readdirSync(join(root, "docs/reference")))
  if (!docs.has(`docs/reference/${name}`)) rmSync(join(root, "docs/reference", name));
for (const [path, text] of docs) writeFileSync(join(root, path), text);
console.log(`${docs.size} pages in docs/`);
