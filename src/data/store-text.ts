/**
 * What generated store code calls for cells of varying length: strings and *any* values.
 *
 * Strings wait as JavaScript values and are encoded many at once. What a job cuts from a line is no text yet but a reference
 * into the line, and looking at one character makes it a text of its own: 70 ns a word, where joining a thousand such
 * references and encoding the joined text takes 18. Until then a string's bytes are counted as its UTF-16 units, which is
 * right for ASCII; others' offsets are found when they are encoded. Memory for the longest encoding is there beforehand.
 */
import { Buffer } from "node:buffer";
import { type Builder, pendingRows } from "./builder.ts";
import type { ColumnType } from "./schema.ts";
import { writeUtf8 } from "./text-bytes.ts";
import { ValueEncoder, type ByteTarget } from "./value-encoder.ts";

/** Waiting strings are encoded when they have so many units; longer ones do not wait. */
const pendingUnitsMax = 8192;
/** Bytes that a UTF-16 unit takes at most. */
const unitBytesMax = 3;
const textEncoder = new TextEncoder();

/**
 * Stores a string as row i when there is no room for it among those that wait: encodes them first. False when one of them has a
 * lone surrogate.
 */
export function placeString(b: Builder, i: number, text: string): boolean {
  if (i < b.settled) b.settled = i;
  if (!settleText(b, i)) return false;
  const at = b.o[i]!;
  const units = text.length;
  if (units > pendingUnitsMax) return writeLong(b, i, text);
  // as batches grow fewer strings fill the room
  const room = unitBytesMax * Math.max(units, Math.min(pendingUnitsMax, 64 + (at >> 1)));
  b.reserveBytes(at, room);
  b.limit = at + Math.min(pendingUnitsMax, Math.trunc((b.u.length - at) / unitBytesMax));
  b.s[i % pendingRows] = text;
  b.o[i + 1] = at + units;
  return true;
}

function writeLong(b: Builder, i: number, text: string): boolean {
  if (!text.isWellFormed()) return false;
  const at = b.o[i]!;
  const length = Buffer.byteLength(text);
  b.reserveBytes(at, length);
  writeUtf8(b.u, text, at, length);
  b.o[i + 1] = at + length;
  b.settled = i + 1;
  b.limit = -1;
  return true;
}

/** Encodes the strings that wait, up to row `rows`. False when one of them has a lone surrogate: then they go on waiting. */
export function settleText(b: Builder, rows: number): boolean {
  const from = b.settled;
  if (rows <= from) return true;
  const first = from % pendingRows;
  const end = first + rows - from;
  const text = (end - first === pendingRows ? b.s : b.s.slice(first, end)).join("");
  const start = b.o[from]!;
  const { written } = textEncoder.encodeInto(text, b.u.subarray(start));
  // every character that is not ASCII takes more bytes than units
  if (written !== text.length && !placeUnicode(b, rows, text)) return false;
  b.s.fill("", first, end);
  b.settled = rows;
  return true;
}

/** Finds the ends of strings that are not all ASCII. */
function placeUnicode(b: Builder, rows: number, text: string): boolean {
  if (!text.isWellFormed()) return false;
  const { u: bytes, settled: from } = b;
  let at = b.o[from]!;
  for (let i = from; i < rows; i++) {
    let units = b.s[i % pendingRows]!.length;
    while (units > 0) {
      const byte = bytes[at]!;
      at += byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      units -= byte < 0xf0 ? 1 : 2;
    }
    // half of a pair: two strings with lone surrogates that are well-formed only when joined
    if (units < 0) return false;
    b.o[i + 1] = at;
  }
  return true;
}

/**
 * Encodes all strings that wait in a tree of builders, for its first `rows` rows. Gives the type that holds the rows: the tree's own,
 * or one with *any* where strings could not be encoded.
 */
export function settle(b: Builder, rows: number): ColumnType {
  const { type, children } = b;
  switch (type.kind) {
    case "utf8":
      return settleText(b, rows) ? type : { kind: "any" };
    case "struct": {
      const fields = children.map(child => settle(child, rows));
      return fields.every((field, k) => field === children[k]!.type) ? type : { ...type, fields };
    }
    case "list":
    case "optional": {
      const child = children[0]!;
      const item = settle(child, type.kind === "optional" ? rows : rows === 0 ? 0 : b.o[rows]!);
      if (item === child.type) return type;
      return item.kind === "any" ? item : { ...type, item };
    }
    default:
      return type;
  }
}

/** Lets an encoder write straight into a builder's bytes. */
class CellEncoder implements ByteTarget {
  private builder!: Builder;
  private readonly encoder = new ValueEncoder(this);
  busy = false;

  grow(encoder: ValueEncoder, needed: number): void {
    const { builder } = this;
    builder.reserveBytes(encoder.at, needed);
    encoder.use(builder.u, builder.d);
  }

  write(b: Builder, i: number, value: unknown): boolean {
    const { encoder } = this;
    this.builder = b;
    this.busy = true;
    try {
      encoder.use(b.u, b.d);
      encoder.at = b.o[i]!;
      if (!encoder.tryWrite(value)) return false;
      b.o[i + 1] = encoder.at;
      return true;
    } finally {
      this.busy = false;
    }
  }
}

const cellEncoder = new CellEncoder();

/** Encodes a value as an *any* cell. False for a value that cannot ship. */
export function writeAny(b: Builder, i: number, value: unknown): boolean {
  // asking for memory may make other operators spill, and write cells meanwhile
  return (cellEncoder.busy ? new CellEncoder() : cellEncoder).write(b, i, value);
}
