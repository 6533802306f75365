/** `join` of arrays: of tuples at once; of others in two rounds, one for the length of the string and one that writes it. */
import type { I32 } from "../codegen/code.ts";
import { i32, local } from "../codegen/operations.ts";
import type { Place } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { itemsEach } from "./lower-items.ts";
import { piecesJoined } from "./lower-pieces.ts";
import { callCopy } from "./lower-string-kernels.ts";
import { joined, textConstant, textOf } from "./lower-text.ts";
import { describeKind, merge } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import type { Value, ValueOf } from "./value.ts";

type Text = ValueOf<"string">;

const joinedBytesMax = 2 ** 26;
/** Strings are copied by vectors, which may reach behind their ends. */
const slackBytes = 16;

export function join(target: Value, given: Value | undefined, frame: Frame, at: Place | undefined): Value {
  if (given?.kind === "optional") throw new NotNative("joins by what may be absent", at);
  const isComma = given === undefined || (given.kind === "constant" && given.value === undefined);
  const separator = asText(isComma ? textConstant(",", frame, at) : textOf(given, frame, at), at);
  if (target.kind === "struct" && target.shape.of === "tuple") {
    const parts = Array.from(target.fields, (field, i) => [
      ...(i === 0 ? [] : [separator]),
      field.kind === "number" ? field : textFor(field, "", frame, at),
    ]);
    return joined([textConstant("", frame, at), ...parts.flat()], frame, at);
  }
  if (target.kind === "pieces") return piecesJoined(target, separator, frame, at);
  const { lowering } = frame;
  const { out } = lowering;
  const total = out.local("i32", "total");
  out.set(total, i32.const(0));
  itemsEach(target, frame, at, item => {
    const { bytes } = textFor(item, "", frame, at);
    lowering.giveUp("makes a very long string", i32.gt_u(bytes, i32.const(joinedBytesMax)));
    out.set(total, i32.add(local(total), i32.add(bytes, separator.bytes)));
    lowering.giveUp("makes a very long string", i32.gt_u(local(total), i32.const(joinedBytesMax)));
  });
  const start = lowering.scratch(i32.add(local(total), i32.const(slackBytes)));
  const to = out.local("i32", "writeAt");
  const isFirst = out.local("i32", "isFirst");
  out.set(to, start);
  out.set(isFirst, i32.const(1));
  const append = (text: I32, bytes: I32) => {
    callCopy(frame, text, bytes, local(to));
    out.set(to, i32.add(local(to), bytes));
  };
  itemsEach(target, frame, at, item => {
    const text = textFor(item, "", frame, at);
    out.if(i32.eqz(local(isFirst)), () => append(separator.start, separator.bytes));
    out.set(isFirst, i32.const(0));
    append(text.start, text.bytes);
  });
  const bytes = out.keep(i32.sub(local(to), start), "joinedBytes");
  return { kind: "string", start, bytes, ascii: false };
}

/** As `String(value)`, but for what is absent. */
function textFor(value: Value, absent: string, frame: Frame, at: Place | undefined): Text {
  const text = () => textConstant(absent, frame, at);
  switch (value.kind) {
    case "constant":
      return asText(text(), at);
    case "optional":
      return asText(
        merge(value.present, () => textFor(value.item, absent, frame, at), text, frame.lowering, at),
        at,
      );
    default:
      return asText(textOf(value, frame, at), at);
  }
}

function asText(value: Value, at: Place | undefined): Text {
  if (value.kind !== "string") throw new NotNative(`joins ${describeKind(value)}`, at);
  return value;
}
