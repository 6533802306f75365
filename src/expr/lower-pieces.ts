/** What `split` gives, piece by piece. */
import type { Frame } from "./lowering.ts";
import { NotNative } from "./not-native.ts";
import type { Value, ValueOf } from "./value.ts";

export function piecesEach(_pieces: ValueOf<"pieces">, _frame: Frame, _emit: (piece: Value) => void): void {
  throw new NotNative("splits a string", undefined);
}
