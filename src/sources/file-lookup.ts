/**
 * Remote files for the driver's plans, which are made synchronously (`rdd.numPartitions` is a property): a thread does what needs the
 * network, and this one waits for it. The thread is started by the first remote path, and kept.
 *
 * Promises: waits are as bounded as the file systems' own; errors are theirs. What goes to the thread stays in this process.
 */
import { FiresteelError, fromWire, type WireError } from "../base/errors.ts";
import { AskedThread } from "../platform/asked-thread.ts";
import type { InputFile } from "./contracts.ts";
import type { FileSettings } from "./file-settings.ts";

export type Lookup =
  | { readonly kind: "find"; readonly item: string; readonly settings: FileSettings }
  | {
      readonly kind: "read";
      readonly file: InputFile;
      readonly from: number;
      readonly to: number;
      readonly settings: FileSettings;
    };

export type LookupAnswer =
  | { readonly kind: "files"; readonly files: readonly InputFile[] }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "error"; readonly error: WireError };

let thread: AskedThread<Lookup, LookupAnswer> | undefined;

/** The remote files of an address or pattern. */
export function findRemoteFiles(item: string, settings: FileSettings): readonly InputFile[] {
  const answer = ask({ kind: "find", item, settings });
  return answer.kind === "files" ? answer.files : [];
}

/** Bytes `from` … `to` − 1 of a remote file; of one without ranges, of its beginning alone. */
export function readRemoteFile(file: InputFile, from: number, to: number, settings: FileSettings): Buffer {
  const answer = ask({ kind: "read", file, from, to, settings });
  const bytes = answer.kind === "bytes" ? answer.bytes : new Uint8Array(0);
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

function ask(question: Lookup): Exclude<LookupAnswer, { kind: "error" }> {
  thread ??= new AskedThread("files");
  const said = thread.ask(question);
  if (said === undefined) {
    thread.end();
    thread = undefined;
    throw new FiresteelError("internal", "the thread that looks up remote files does not answer");
  }
  if (said.answer.kind === "error") throw fromWire(said.answer.error);
  return said.answer;
}
