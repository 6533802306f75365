/**
 * A row as one line of text, for saveAsTextFile. Strings are written as they are; other primitives as `String` prints them;
 * dates as ISO 8601; everything else as JSON, so that `jsonFile` reads it back: `["word",3]`, `{"id":1}`. Inside JSON a
 * bigint is a number, a Map a list of entries, a Set or typed array a list, and NaN and undefined are null.
 */
export function formatRow(row: unknown): string {
  if (typeof row === "string") return row;
  if (typeof row !== "object" || row === null) return String(row);
  if (row instanceof Date) return Number.isNaN(row.getTime()) ? "Invalid Date" : row.toISOString();
  if (row instanceof Error || row instanceof RegExp) return String(row);
  return JSON.stringify(row, jsonValue) ?? String(row);
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return rawJson(String(value));
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Map || value instanceof Set) return [...value];
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Uint8Array);
  if (value instanceof RegExp || value instanceof Error) return String(value);
  return value;
}

/** A number of any length; the language's own type declarations lag behind its engines. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;
