/**
 * What `split` gives, without the array: the loop over the pieces, one of them, how many there are.
 *
 * The loop compares 16 bytes at a time with the separator and keeps what it has found from piece to piece. It reads aligned blocks,
 * which lie within memory wherever the string does, and drops what is before the string and behind it.
 */
import type { I32, Local } from "../codegen/code.ts";
import { f64, i32, i8x16, local, v128 } from "../codegen/operations.ts";
import type { Place } from "./ir.ts";
import { bytesAre, constantText, encodeText } from "./lower-string-compare.ts";
import { callText, isSpan, longSearch, spanOf } from "./lower-string-kernels.ts";
import type { Frame } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import type { Value, ValueOf } from "./value.ts";

const blockBytes = 16;
const separatorBytesMax = 16;

/** `text.split(separator)` */
export function split(text: ValueOf<"string">, args: readonly Value[], at: Place | undefined): ValueOf<"pieces"> {
  const [separator, limit] = args;
  if (limit !== undefined && !(limit.kind === "constant" && limit.value === undefined))
    throw new NotNative("splits with a limit", at);
  if (separator === undefined) throw new NotNative("splits without a separator", at);
  if (separator.kind !== "string") throw new NotNative("splits at something that is not a string", at);
  if (separator.text === undefined) throw new NotNative("splits at a separator that is not a constant", at);
  if (separator.text === "") throw new NotNative("splits into characters", at);
  if (encodeText(separator.text).length > separatorBytesMax) throw new NotNative("splits at a long separator", at);
  return { kind: "pieces", text, separator: separator.text };
}

/** Writes a loop that does `emit` for every piece, in their order. What `emit` writes is there once. */
export function piecesEach(pieces: ValueOf<"pieces">, frame: Frame, emit: (piece: ValueOf<"string">) => void): void {
  const { out } = frame.lowering;
  const { text } = pieces;
  const separator = encodeText(pieces.separator);
  // positions count from the first block on, so that nothing overflows at the end of memory, where an empty string may be
  const firstByte = i32.sub(text.start, i32.eqz(text.bytes));
  const block = out.keep(i32.and(firstByte, i32.const(-blockBytes)), "firstBlock");
  const before = out.keep(i32.sub(text.start, block), "before");
  const end = out.keep(i32.add(before, text.bytes), "end");
  const wide = out.keep(i8x16.splat(i32.const(separator[0]!)), "separator");
  const at = out.local("i32", "at");
  const hits = out.local("i32", "hits");
  const start = out.local("i32", "pieceFrom");
  const cut = out.local("i32", "pieceTo");
  const find = () => out.set(hits, i8x16.bitmask(i8x16.eq(v128.load(i32.add(block, local(at))), wide)));
  out.set(at, i32.const(0));
  out.set(start, before);
  find();
  out.set(hits, i32.and(local(hits), i32.shl(i32.const(-1), before)));
  out.loop("pieces", nextPiece => {
    out.loop("search", again => {
      out.block("found", found => {
        out.jump(found, local(hits));
        out.set(at, i32.add(local(at), i32.const(blockBytes)));
        out.jump(found, i32.ge_u(local(at), end));
        find();
        out.jump(again);
      });
      if (separator.length > 1) skipFalse(again);
    });
    // without a hit this is beyond the end
    out.set(cut, least(i32.add(local(at), i32.ctz(local(hits))), end));
    out.set(hits, i32.and(local(hits), i32.sub(local(hits), i32.const(1))));
    emit({
      kind: "string",
      start: out.keep(i32.add(block, local(start)), "piece"),
      bytes: out.keep(i32.sub(local(cut), local(start)), "pieceBytes"),
      ascii: text.ascii,
    });
    out.set(start, i32.add(local(cut), i32.const(separator.length)));
    out.jump(nextPiece, i32.ne(local(cut), end));
  });

  function least(a: I32, b: I32): I32 {
    const kept = out.keep(a, "hit");
    return i32.select(kept, b, i32.lt_u(kept, b));
  }

  /** Of longer separators only the first byte has been found: on with the search where the others are not. */
  function skipFalse(again: { readonly name: string }): void {
    out.if(local(hits), () => {
      const hit: Local<"i32"> = out.local("i32", "hit");
      const holds = out.local("i32", "isSeparator");
      out.set(hit, i32.add(local(at), i32.ctz(local(hits))));
      const behind = i32.add(local(hit), i32.const(separator.length));
      out.set(holds, i32.and(i32.ge_u(local(hit), local(start)), i32.le_u(behind, end)));
      out.if(local(holds), () =>
        out.set(holds, bytesAre(out.keep(i32.add(block, local(hit)), "candidate"), separator)),
      );
      out.if(i32.eqz(local(holds)), () => {
        out.set(hits, i32.and(local(hits), i32.sub(local(hits), i32.const(1))));
        out.jump(again);
      });
    });
  }
}

/** `pieces.length` */
export function piecesLength(pieces: ValueOf<"pieces">, frame: Frame): ValueOf<"number"> {
  const { out } = frame.lowering;
  const { start, bytes } = pieces.text;
  const separator = constantText(pieces.separator, frame);
  const count = callText(frame, "textCount", start, bytes, separator.start, separator.bytes);
  frame.lowering.giveUp(longSearch, i32.lt_s(count, i32.const(0)));
  const code = out.keep(f64.convert_i32_u(i32.add(count, i32.const(1))), "pieceCount");
  return { kind: "number", code, integer: { min: 1, max: 2 ** 31 } };
}

/** `pieces[index]`: undefined where there is none. */
export function pieceAt(pieces: ValueOf<"pieces">, index: Value, frame: Frame, at?: Place): Value {
  const { out } = frame.lowering;
  if (index.kind !== "number") throw new NotNative("takes a piece by something that is not a number", at);
  const isIndex = isPosition(index, frame);
  const { text } = pieces;
  const separator = constantText(pieces.separator, frame);
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
