/** A file while the driver makes its plan: pieces of it, read synchronously, wherever it is. */
import { closeSync } from "node:fs";
import { openForReading, readAt } from "./byte-reader.ts";
import type { InputFile } from "./contracts.ts";

export interface FilePieces {
  /** `bytes` of the file from `position`, fewer where it ends. */
  at(position: number, bytes: number): Buffer;
  close(): void;
}

export function openPieces(file: InputFile): FilePieces {
  const { path, bytes, readForPlan } = file;
  if (readForPlan !== undefined) {
    return {
      at(position, wanted) {
        if (position >= bytes || wanted <= 0) return Buffer.alloc(0);
        const read = readForPlan(position, Math.min(position + wanted, bytes));
        // hyparquet takes ArrayBuffers that are no one else's
        const own = Buffer.from(new ArrayBuffer(read.length));
        read.copy(own);
        return own;
      },
      close: () => {},
    };
  }
  const fd = openForReading(path, bytes);
  return { at: (position, wanted) => readAt(fd, path, position, wanted), close: () => closeSync(fd) };
}
