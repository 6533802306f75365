/** Results of more bytes than the driver takes: of one task, which stops then, or of all that have ended. */
import { FiresteelError } from "../base/errors.ts";
import { formatBytes } from "../base/quantity.ts";

const key = "firesteel.driver.maxResultSize";

/** Of rows that a task collects. */
export function taskResultTooLarge(bytes: number, bytesMax: number): FiresteelError {
  const hint = `save it with saveAsTextFile, iterate with toLocalIterator over more partitions, or raise ${key}`;
  return tooLarge("the rows that one task collects are", bytes, bytesMax, hint);
}

/** `action`: its name. */
export function resultTooLarge(action: string, bytes: number, bytesMax: number): FiresteelError {
  const hint = `save it with saveAsTextFile, iterate with toLocalIterator, or raise ${key}`;
  return tooLarge(`the result of ${action} is`, bytes, bytesMax, hint);
}

function tooLarge(what: string, bytes: number, bytesMax: number, hint: string): FiresteelError {
  const message = `${what} larger than ${key}: ${formatBytes(bytes)} so far, ${formatBytes(bytesMax)} allowed`;
  return new FiresteelError("resource", message, { hint, isPermanent: true });
}
