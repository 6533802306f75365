/** The codec of spill files that the configuration asks for; undefined when compression is off. */
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import { spillCodec, type SpillCodecName } from "../storage/spill-codec.ts";
import type { SpillCodec } from "../storage/spill-file.ts";
import type { Settings } from "./messages.ts";

export function openSpillCodec(
  kernels: Kernels,
  settings: Settings,
): ((allocator: Allocator) => SpillCodec) | undefined {
  if (settings["firesteel.shuffle.compress"] !== true) return undefined;
  return spillCodec(kernels, settings["firesteel.shuffle.codec"] as SpillCodecName);
}
