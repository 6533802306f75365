/** A job with everything it imports as the text of one module, for `firesteel bundle`. */
import { FiresteelError } from "../base/errors.ts";

export async function bundleJob(jobFile: string): Promise<string> {
  throw new FiresteelError("internal", `this build cannot bundle ${jobFile}`);
}
