/** How the configuration wants spill files compressed: by which codec, and whether always or where it pays. */
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { CompressionRates } from "../storage/compression.ts";
import { spillCodec, type SpillCodecName } from "../storage/spill-codec.ts";
import type { SpillCodec } from "../storage/spill-file.ts";
import type { Settings } from "./messages.ts";

export interface SpillCompression {
  /** Undefined when compression is off. */
  readonly openCodec: ((allocator: Allocator) => SpillCodec) | undefined;
  /** There when the codec is used where that pays. */
  readonly rates: CompressionRates | undefined;
}

/** For all files of one thread. */
export function spillCompression(kernels: Kernels, settings: Settings): SpillCompression {
  const compress = settings["firesteel.shuffle.compress"];
  if (compress === "false") return { openCodec: undefined, rates: undefined };
  const openCodec = spillCodec(kernels, settings["firesteel.shuffle.codec"] as SpillCodecName);
  return { openCodec, rates: compress === "auto" ? new CompressionRates() : undefined };
}
