/** Parts of outputs, written as tasks write them. */
import type { SourceMetrics } from "../../src/sources/contracts.ts";
import type { OutputCommitter, OutputDirectory } from "../../src/sources/output-committer.ts";

export const noMetrics: SourceMetrics = { add: () => {} };

/** One attempt's part, committed. The buffers are overwritten once they are written, as tasks do. */
export async function writePart(
  output: OutputCommitter,
  folder: OutputDirectory,
  file: string,
  attempt: number,
  pieces: readonly Uint8Array[],
): Promise<void> {
  const part = await output.openPart(folder, file, attempt, noMetrics);
  try {
    for (const piece of pieces) {
      const lent = Buffer.from(piece);
      part.write(lent);
      lent.fill(0);
      await part.drain?.();
    }
    await part.commit();
  } catch (error) {
    await part.abort();
    throw error;
  }
}
