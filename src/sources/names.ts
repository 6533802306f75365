/** Names of files, wherever they are: which of them are passed over in folders and by patterns, and their order. */

/** As in Hadoop. */
export function isHidden(name: string): boolean {
  return name.startsWith("_") || name.startsWith(".");
}

/** In the order of their UTF-8 bytes, the same on every machine. */
export function byUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
