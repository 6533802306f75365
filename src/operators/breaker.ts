/** The shape of every operator that reads all before it gives anything: read once, on the first pull, then emit. */
import type { Chunk, ChunkSource } from "./chunk.ts";

export function afterReading(
  read: () => Promise<void>,
  emit: () => Iterator<Chunk, void, undefined>,
  free: () => void,
): ChunkSource {
  let out: Iterator<Chunk, void, undefined> | undefined;
  let freed = false;
  const pull = (): Chunk | undefined => {
    const step = out!.next();
    return step.done === true ? undefined : step.value;
  };
  return {
    next() {
      if (out !== undefined) return pull();
      return read().then(() => {
        out = emit();
        return pull();
      });
    },
    close() {
      if (freed) return;
      freed = true;
      out?.return?.();
      free();
    },
  };
}
