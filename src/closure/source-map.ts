/**
 * Source maps as strings: encoding the segments of a transformed file, and finding the origin of single positions. Lookups
 * scan the encoded text once, remembering where its lines begin, and decode a line only when asked for it: most maps are
 * never asked.
 */
import type { Segment } from "./edits.ts";

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const digitValues = new Int8Array(128).fill(-1);
for (let i = 0; i < digits.length; i++) digitValues[digits.charCodeAt(i)] = i;

/** The `mappings` of a map with a single source. */
export function encodeMappings(lines: readonly (readonly Segment[])[]): string {
  let sourceLine = 0;
  let sourceColumn = 0;
  const encoded = lines.map(line => {
    let column = 0;
    return line
      .map(segment => {
        let text = digit(segment[0] - column);
        column = segment[0];
        if (segment.length > 1) {
          const [, toLine, toColumn] = segment as readonly [number, number, number];
          text += `${digit(0)}${digit(toLine - sourceLine)}${digit(toColumn - sourceColumn)}`;
          sourceLine = toLine;
          sourceColumn = toColumn;
        }
        return text;
      })
      .join(",");
  });
  return encoded.join(";");
}

function digit(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = "";
  do {
    const low = rest & 31;
    rest >>>= 5;
    text += digits[rest > 0 ? low | 32 : low];
  } while (rest > 0);
  return text;
}

export interface Origin {
  readonly source: number;
  /** From 0. */
  readonly line: number;
  readonly column: number;
  /** Columns between the start of the mapped piece and the position that was asked for. */
  readonly beyond: number;
}

/** Values per line in `starts`: offset in the text, source, line, column before the line. */
const stride = 4;

export class Mappings {
  private starts: Int32Array | undefined;

  constructor(private readonly text: string) {}

  /** Where a position (from 0) comes from: the nearest mapped piece at or before it on its line. */
  find(line: number, column: number): Origin | undefined {
    this.starts ??= scan(this.text);
    const at = line * stride;
    if (at >= this.starts.length) return undefined;
    const state = {
      offset: this.starts[at]!,
      source: this.starts[at + 1]!,
      line: this.starts[at + 2]!,
      column: this.starts[at + 3]!,
    };
    let generated = 0;
    let found: Origin | undefined;
    while (state.offset < this.text.length && this.text[state.offset] !== ";") {
      generated += next(this.text, state);
      if (generated > column) break;
      if (isSegmentEnd(this.text, state.offset)) found = undefined;
      else {
        state.source += next(this.text, state);
        state.line += next(this.text, state);
        state.column += next(this.text, state);
        if (!isSegmentEnd(this.text, state.offset)) next(this.text, state); // a name
        found = { source: state.source, line: state.line, column: state.column, beyond: column - generated };
      }
      if (this.text[state.offset] === ",") state.offset++;
    }
    return found;
  }
}

interface ScanState {
  offset: number;
}

function isSegmentEnd(text: string, offset: number): boolean {
  return offset >= text.length || text[offset] === "," || text[offset] === ";";
}

function next(text: string, state: ScanState): number {
  let value = 0;
  for (let shift = 0; ; shift += 5) {
    const code = digitValues[text.charCodeAt(state.offset++)] ?? 0;
    value |= (code & 31) << shift;
    if ((code & 32) === 0) break;
  }
  return (value & 1) === 1 ? -(value >>> 1) : value >>> 1;
}

function scan(text: string): Int32Array {
  const starts: number[] = [0, 0, 0, 0];
  let field = 0;
  let value = 0;
  let shift = 0;
  const totals = [0, 0, 0, 0, 0];
  for (let offset = 0; offset < text.length; offset++) {
    const code = text.charCodeAt(offset);
    if (code === 59 /* ; */) {
      field = 0;
      starts.push(offset + 1, totals[1]!, totals[2]!, totals[3]!);
    } else if (code === 44 /* , */) field = 0;
    else {
      const bits = digitValues[code] ?? 0;
      value |= (bits & 31) << shift;
      shift += 5;
      if ((bits & 32) !== 0) continue;
      totals[field] = totals[field]! + ((value & 1) === 1 ? -(value >>> 1) : value >>> 1);
      field++;
      value = 0;
      shift = 0;
    }
  }
  return Int32Array.from(starts);
}
