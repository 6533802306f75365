/**
 * What `split` gives, without the array: the loop over the pieces, one of them, how many there are.
 *
 * The loop compares 64 bytes at a time with the separator and keeps what it has found from piece to piece. It reads aligned blocks,
 * which lie within memory wherever the string does, and drops what is before the string and behind it.
 */
import type { I32, I64, V128 } from "../codegen/code.ts";
import type { FunctionBuilder } from "../codegen/function-builder.ts";
import { f64, i32, i64, i8x16, local, v128 } from "../codegen/operations.ts";
import type { Place } from "./ir.ts";
import { bytesAre, constantText, encodeText, guarded } from "./lower-string-compare.ts";
import { isUndefined, textArgument } from "./lower-string-arguments.ts";
import { callText, isSpan, longSearch, spanOf } from "./lower-string-kernels.ts";
import { replaceEvery } from "./lower-string-make.ts";
import type { Frame } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import type { Value, ValueOf } from "./value.ts";

type Text = ValueOf<"string">;

const blockBytes = 64;
const separatorBytesMax = 16;

/** `text.split(separator)` */
export function split(
  text: Text,
  [separator, limit]: readonly Value[],
  frame: Frame,
  at: Place | undefined,
): ValueOf<"pieces"> {
  if (!isUndefined(limit)) throw new NotNative("splits with a limit", at);
  if (separator === undefined) throw new NotNative("splits without a separator", at);
  if (separator.kind !== "string") throw new NotNative("splits at something that is not a string", at);
  if (separator.text === "") throw new NotNative("splits into characters", at);
  if (separator.text === undefined) {
    // a string of one byte is an ASCII character
    const isOther = i32.ne(separator.bytes, i32.const(1));
    frame.lowering.giveUp("splits at a variable that is not one ASCII character", isOther);
  } else if (encodeText(separator.text).length > separatorBytesMax) {
    throw new NotNative("splits at a long separator", at);
  }
  return { kind: "pieces", text, separator };
}

/** Writes a loop that does `emit` for every piece, in their order. What `emit` writes is there once. */
export function piecesEach(pieces: ValueOf<"pieces">, frame: Frame, emit: (piece: ValueOf<"string">) => void): void {
  const { out } = frame.lowering;
  const { text } = pieces;
  const separator = separatorOf(pieces, out);
  // positions count from the first block on, so that nothing overflows at the end of memory
  const block = out.keep(i32.and(text.start, i32.const(-blockBytes)), "firstBlock");
  const before = out.keep(i32.and(text.start, i32.const(blockBytes - 1)), "before");
  const end = out.keep(i32.add(before, text.bytes), "end");
  const wide = out.keep(i8x16.splat(separator.first), "separator");
  const at = out.local("i32", "at");
  const hits = out.local("i64", "hits");
  const start = out.local("i32", "pieceFrom");
  const cut = out.local("i32", "pieceTo");
  const nextHit = i32.add(local(at), i32.wrap_i64(i64.ctz(local(hits))));
  const dropHit = () => out.set(hits, i64.and(local(hits), i64.sub(local(hits), i64.const(1n))));
  out.set(at, i32.const(0));
  out.set(start, before);
  // an empty string may be where memory ends: it looks at any block
  const first = hitsOf(i32.select(block, i32.const(0), text.bytes), wide, out);
  out.set(hits, i64.and(first, i64.shl(i64.const(-1n), i64.extend_i32_u(before))));
  out.loop("pieces", nextPiece => {
    out.loop("search", again => {
      out.block("found", found => {
        out.jump(found, i64.ne(local(hits), i64.const(0n)));
        out.set(at, i32.add(local(at), i32.const(blockBytes)));
        out.jump(found, i32.ge_u(local(at), end));
        out.set(hits, hitsOf(i32.add(block, local(at)), wide, out));
        out.jump(again);
      });
      // of longer separators only the first byte has been found
      const { longer } = separator;
      if (longer !== undefined) {
        out.if(i64.ne(local(hits), i64.const(0n)), () => {
          const isFalse = i32.eqz(isSeparator(longer, block, out.keep(nextHit, "hit"), local(start), end, out));
          out.if(isFalse, () => {
            dropHit();
            out.jump(again);
          });
        });
      }
    });
    // where there is no hit, or a byte behind the string is one, the string's end is nearer
    out.set(cut, nextHit);
    out.set(cut, i32.select(local(cut), end, i32.lt_u(local(cut), end)));
    dropHit();
    emit({
      kind: "string",
      start: out.keep(i32.add(block, local(start)), "piece"),
      bytes: out.keep(i32.sub(local(cut), local(start)), "pieceBytes"),
      ascii: text.ascii,
      lasting: text.lasting === true,
    });
    out.set(start, i32.add(local(cut), i32.const(separator.length)));
    out.jump(nextPiece, i32.ne(local(cut), end));
  });
}

function separatorOf({ separator }: ValueOf<"pieces">, out: FunctionBuilder) {
  if (separator.text === undefined)
    return { first: out.keep(i32.load8_u(separator.start), "separatorByte"), length: 1, longer: undefined };
  const bytes = encodeText(separator.text);
  return { first: i32.const(bytes[0]!), length: bytes.length, longer: bytes.length > 1 ? bytes : undefined };
}

/** Bit k: byte k of a block is the separator. */
function hitsOf(address: I32, separator: V128, out: FunctionBuilder): I64 {
  const block = out.keep(address, "block");
  const hits = (from: number) => i8x16.bitmask(i8x16.eq(v128.load(block, from), separator));
  const half = (from: number) => i64.extend_i32_u(i32.or(hits(from), i32.shl(hits(from + 16), i32.const(16))));
  return i64.or(half(0), i64.shl(half(32), i64.const(32n)));
}

/** 1 when a whole separator stands at a position, within the string and not in the one before. */
function isSeparator(bytes: Uint8Array, block: I32, hit: I32, start: I32, end: I32, out: FunctionBuilder): I32 {
  const isWithin = i32.and(i32.ge_u(hit, start), i32.le_u(i32.add(hit, i32.const(bytes.length)), end));
  return guarded(isWithin, () => bytesAre(out.keep(i32.add(block, hit), "candidate"), bytes), out);
}

/** `pieces.length` */
export function piecesLength(pieces: ValueOf<"pieces">, frame: Frame): ValueOf<"number"> {
  const { out } = frame.lowering;
  const { text, separator } = pieces;
  const count = callText(frame, "textCount", text.start, text.bytes, separator.start, separator.bytes);
  frame.lowering.giveUp(longSearch, i32.lt_s(count, i32.const(0)));
  const code = out.keep(f64.convert_i32_u(i32.add(count, i32.const(1))), "pieceCount");
  return { kind: "number", code, integer: { min: 1, max: 2 ** 31 } };
}

/** `pieces.join(by)`: the string with other separators. */
export function piecesJoined(pieces: ValueOf<"pieces">, by: Value | undefined, frame: Frame, at?: Place): Text {
  const text = by === undefined || isUndefined(by) ? constantText(",", frame) : textArgument(by, "join", frame, at);
  return replaceEvery(pieces.text, pieces.separator, text, frame);
}

/** `pieces[index]`: undefined where there is none. */
export function pieceAt(pieces: ValueOf<"pieces">, index: Value, frame: Frame, at?: Place): Value {
  const { out } = frame.lowering;
  if (index.kind !== "number") throw new NotNative("takes a piece by something that is not a number", at);
  const isIndex = isPosition(index, frame);
  const { text, separator } = pieces;
  const span = callText(
    frame,
    "pieceAt",
    text.start,
    text.bytes,
    separator.start,
    separator.bytes,
    i32.trunc_sat_f64_u(index.code),
  );
  const piece = spanOf(span, text, frame, longSearch);
  const isThere = isSpan(span, frame);
  const present = isIndex === undefined ? isThere : out.keep(i32.and(isIndex, isThere), "isPiece");
  return { kind: "optional", absent: undefined, present, item: piece };
}

/** 1 when a number may be an array's index; undefined when it is certain. */
export function isPosition(index: ValueOf<"number">, { lowering: { out } }: Frame): I32 | undefined {
  const { integer } = index;
  if (integer !== undefined && integer.min >= 0) return undefined;
  const { code } = index;
  const kept = out.keep(code, "index");
  return out.keep(i32.and(f64.ge(kept, f64.const(0)), f64.eq(kept, f64.trunc(kept))), "isIndex");
}
