/** What is said of compressed files that cannot be decompressed. */
import { FiresteelError } from "../base/errors.ts";
import { type Codec, codecExtension } from "./codecs.ts";

export function notOf(path: string, codec: Codec): FiresteelError {
  return new FiresteelError("data", `broken ${codec} file ${path}: it does not begin as ${codec} data does`, {
    hint: `if it is plain text, give it a name without ${codecExtension(codec)}`,
    isPermanent: true,
  });
}

export function cutShort(path: string, codec: Codec, at: number): FiresteelError {
  return new FiresteelError("data", `broken ${codec} file ${path}: it ends at byte ${at}, in the middle of its data`, {
    hint: "the file was cut short; copy or compress it again",
  });
}

export function brokenFile(path: string, codec: Codec, why: string, cause?: unknown): FiresteelError {
  return new FiresteelError("data", `broken ${codec} file ${path}: ${why}`, {
    hint: "the file is damaged; copy or compress it again",
    cause,
  });
}
