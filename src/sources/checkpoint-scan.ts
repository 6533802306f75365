/** The parts of a checkpoint as a scan: object files, each of which is one partition whatever its size. */
import { FiresteelError } from "../base/errors.ts";
import { wholeFile } from "./byte-splits.ts";
import type { Scan } from "./contracts.ts";
import type { FileSettings } from "./file-settings.ts";
import { resolvePaths } from "./input-files.ts";
import { partName } from "./output-committer.ts";

/** Throws when the folder does not have exactly the parts of so many partitions. */
export function planCheckpoint(folder: string, partitions: number, settings: () => FileSettings): Scan {
  const files = new Map(resolvePaths([folder], settings).map(file => [nameOf(file.path), file]));
  const splits = Array.from({ length: partitions }, (_, i) => {
    const file = files.get(partName(i));
    if (file === undefined || files.size !== partitions) {
      throw new FiresteelError("resource", `the checkpoint in ${folder} is not whole: ${partName(i)} is not there`, {
        hint: "let nothing else write to the checkpoint directory; on a cluster, all machines must share it",
      });
    }
    // read as it is, whatever its name ends in
    const { compression: _compression, ...plain } = file;
    return wholeFile(plain, "records");
  });
  return { format: { format: "objects" }, splits };
}

function nameOf(path: string): string {
  return path
    .replace(/[?#].*$/, "")
    .split("/")
    .at(-1)!;
}
