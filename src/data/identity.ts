/** Equality by value for JavaScript Maps. */
import { Buffer } from "node:buffer";
import { keyOf } from "./key-bytes.ts";

/** What a Map finds equal values by: numbers and their like themselves, strings and key bytes as strings that differ. */
export function identityOf(value: unknown): unknown {
  if (typeof value === "string") return `"${value}`;
  return typeof value === "object" && value !== null ? Buffer.from(keyOf(value)).toString("latin1") : value;
}
