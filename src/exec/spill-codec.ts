/** The codec of spill files that the configuration asks for; undefined when compression is off. */
import type { Allocator } from "../kernel/allocator.ts";
import type { Kernels } from "../kernel/kernels.ts";
import type { SpillCodec } from "../storage/spill-file.ts";
import type { Settings } from "./messages.ts";

export function openSpillCodec(_kernels: Kernels, _settings: Settings): ((allocator: Allocator) => SpillCodec) | undefined {
  return undefined;
}
