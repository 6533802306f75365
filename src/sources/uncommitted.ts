/** Tells outputs that no job has committed: to read such a directory would be to read some of its parts. */
import { FiresteelError } from "../base/errors.ts";
import { shownAddress } from "../base/shown-address.ts";

/** `names` are all that is directly inside the directory. */
export function refuseUncommitted(path: string, names: readonly string[]): void {
  if (!names.includes("_temporary") || names.includes("_SUCCESS")) return;
  throw new FiresteelError(
    "user",
    `cannot read ${shownAddress(path)}: it is the output of a job that has not ended well: _temporary is there, _SUCCESS is not`,
    { hint: "wait for that job or run it again; to read what there is, name the files: part-*" },
  );
}
