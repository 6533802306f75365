/** A thread that writes parts into outputs as tasks do, one output after the other, each until that is taken away. */
import { existsSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { localOutput } from "../../src/sources/local-output.ts";
import { partName } from "../../src/sources/output-committer.ts";

const { paths, thread } = workerData as { readonly paths: readonly string[]; readonly thread: number };
for (const path of paths) {
  while (!existsSync(`${path}/_temporary`)) continue;
  for (let attempt = thread * 1e6; existsSync(path); attempt++) {
    try {
      const part = localOutput.openPart({ path }, partName(attempt), attempt, { add: () => {} });
      part.write(Buffer.from("row\n"));
      void part.commit();
    } catch {
      // the job was aborted
    }
  }
}
