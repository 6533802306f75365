/** Commits an output of many parts, in a process that the test kills on the way: `bun commit-output.ts <path> <parts>`. */
import { localOutput } from "../../src/sources/local-output.ts";
import { partName } from "../../src/sources/output-committer.ts";

const [path, count] = process.argv.slice(2);
const output = localOutput.createOutput(path!);
const parts = Array.from({ length: Number(count) }, (_, i) => ({ file: partName(i), attempt: i }));
for (const { file, attempt } of parts) {
  const part = localOutput.openPart(output, file, attempt, { add: () => {} });
  part.write(Buffer.from(`${file}\n`));
  void part.commit();
}
console.log("parts are there");
localOutput.commitOutput(output, parts);
