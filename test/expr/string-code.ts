/**
 * Runs what the compiler of strings writes: a function of some strings and numbers, compiled once, called with JavaScript's own.
 * The first string may be put at the very end of memory, where reading too far is a trap.
 */
import { encodeModule } from "../../src/codegen/encode.ts";
import { FunctionBuilder } from "../../src/codegen/function-builder.ts";
import { f64, i32, local } from "../../src/codegen/operations.ts";
import type { I32, Local } from "../../src/codegen/code.ts";
import type { Frame, Lowering } from "../../src/expr/lowering.ts";
import type { Value, ValueOf } from "../../src/expr/value.ts";
import { compileKernels, createKernelMemory, instantiateKernels } from "../../src/kernel/kernels.ts";
import type { Random } from "../../src/base/random.ts";

const memoryBytes = 1 << 20;
const addresses = { end: 8, out: 64, literals: 32_768, scratch: 65_536, scratchEnd: 524_288, strings: 600_000 };

export const givenUp = Symbol("given up");

/** Parts of strings that are ASCII, and others: marks, pairs of surrogates, white space, what changes length in another case. */
export const asciiParts = ["a", "b", "ab", "Z", " ", ",", "\t", "\n", "word", "7", "x".repeat(17), "\0"];
export const otherParts = [
  "é",
  "ß",
  "İ",
  "日本",
  "🔥",
  "a\u0301",
  "\u00a0",
  "\ufeff",
  "\u2028",
  "\u3000",
  "\ue000",
  "\u{10000}",
];

export function randomString(random: Random, parts: readonly string[], most = 24): string {
  return Array.from({ length: random.below(most) }, () => parts[random.below(parts.length)]!).join("");
}

export interface Inputs {
  readonly texts: readonly ValueOf<"string">[];
  readonly numbers: readonly ValueOf<"number">[];
}

export interface Compiled {
  /** What the code gives for these; `givenUp` when it leaves them to JavaScript. */
  run(texts: readonly string[], numbers?: readonly number[], atEnd?: boolean): unknown;
  /** Why the last call was given up. */
  readonly reason: string;
}

export interface Shape {
  readonly texts: number;
  readonly numbers?: number;
}

type Read = (at: number) => unknown;

export const {
  memory,
  run: kernelRun,
  u8,
  u32,
  f64: f64s,
} = instantiateKernels(createKernelMemory(memoryBytes), compileKernels());

/** `write` may give values several times by `emit`; the result is then a list of them. */
export function compile(
  shape: Shape,
  write: (inputs: Inputs, frame: Frame, emit: (value: Value) => void) => Value | undefined,
): Compiled {
  const code = new TestLowering(shape);
  const frame: Frame = {
    lowering: code,
    lambda: { file: undefined, parameters: 0, locals: 0, captures: [], body: { op: "constant", value: undefined } },
    locals: [],
    captures: [],
  };
  let read: Read = () => undefined;
  let cells = 0;
  const emit = (value: Value) => {
    [read, cells] = code.store(value, 0);
    code.out.set(code.next, i32.add(local(code.next), i32.const(cells * 8)));
  };
  code.out.set(code.next, i32.const(addresses.out));
  const single = write(code.inputs, frame, emit);
  if (single !== undefined) emit(single);
  code.out.store("i32.store", i32.const(addresses.end), local(code.next));
  code.out.return(i32.const(0));
  const module = new WebAssembly.Module(encodeModule({ functions: [code.out.finish()] }));
  const instance = new WebAssembly.Instance(module, { env: { memory }, kernels: { ...kernelRun } });
  const run = instance.exports["run"] as (...args: number[]) => number;
  const compiled = { reason: "", run: runWith };
  return compiled;

  function runWith(texts: readonly string[], numbers: readonly number[] = [], atEnd = false): unknown {
    u8.set(code.literalBytes, addresses.literals);
    u8.fill(0xaa, addresses.scratch, addresses.scratch + 4096);
    const left = run(...placed(texts, atEnd), ...numbers);
    if (left > 0) {
      compiled.reason = code.reasons[left - 1]!;
      return givenUp;
    }
    if (single !== undefined) return read(addresses.out);
    const list: unknown[] = [];
    for (let at = addresses.out; at < u32[addresses.end / 4]!; at += cells * 8) list.push(read(at));
    return list;
  }
}

function placed(texts: readonly string[], atEnd: boolean): number[] {
  let free = addresses.strings;
  return texts.flatMap((text, i) => {
    const bytes = Buffer.from(text);
    // an empty column may have no bytes at all
    const start = atEnd && i === 0 ? memoryBytes - bytes.length : bytes.length === 0 ? 0 : free;
    u8.set(bytes, start);
    // what lies behind looks like the string going on
    if (start === free) u8.set(Buffer.from(", a,b\u00e9 "), start + bytes.length);
    free += bytes.length + 37;
    return [start, bytes.length];
  });
}

class TestLowering implements Lowering {
  readonly out: FunctionBuilder;
  readonly inputs: Inputs;
  readonly reasons: string[] = [];
  readonly next: Local<"i32">;
  literalBytes = new Uint8Array(0);
  private readonly free: Local<"i32">;

  constructor({ texts, numbers = 0 }: Shape) {
    const parameters = [
      ...Array.from({ length: texts }, (_, i) => [[`start${i}`, "i32"] as const, [`bytes${i}`, "i32"] as const]).flat(),
      ...Array.from({ length: numbers }, (_, i) => [`number${i}`, "f64"] as const),
    ];
    this.out = new FunctionBuilder("run", parameters, "i32");
    const at = (index: number) => this.out.parameters[index]!;
    this.inputs = {
      texts: Array.from({ length: texts }, (_, i) => {
        const [start, bytes] = [at(2 * i) as Local<"i32">, at(2 * i + 1) as Local<"i32">];
        return { kind: "string", start: local(start), bytes: local(bytes), ascii: false };
      }),
      numbers: Array.from({ length: numbers }, (_, i) => {
        return { kind: "number", code: local(at(2 * texts + i) as Local<"f64">) };
      }),
    };
    this.next = this.out.local("i32", "next");
    this.free = this.out.local("i32", "free");
    this.out.set(this.free, i32.const(addresses.scratch));
  }

  giveUp(why: string, test?: I32): void {
    const status = this.reasons.push(why);
    const leave = () => this.out.return(i32.const(status));
    if (test === undefined) leave();
    else this.out.if(test, leave);
  }

  kernel: Lowering["kernel"] = (name, parameters, result) => ({ module: "kernels", name, parameters, result });
  host: Lowering["host"] = (name, parameters, result) => ({ module: "host", name, parameters, result });

  literal(text: string): I32 {
    const at = addresses.literals + this.literalBytes.length;
    this.literalBytes = new Uint8Array(Buffer.concat([this.literalBytes, Buffer.from(text)]));
    return i32.const(at);
  }

  countRound(): void {}

  scratch(bytes: I32): I32 {
    const { out, free } = this;
    this.giveUp("too much", i32.gt_u(bytes, i32.sub(i32.const(addresses.scratchEnd), local(free))));
    const at = out.keep(i32.add(local(free), i32.const(0)), "made");
    out.set(free, i32.add(local(free), bytes));
    return at;
  }

  /** Writes cells of 8 bytes; gives how to read them, and how many they are. */
  store(value: Value, cell: number): [Read, number] {
    const { out } = this;
    const at = (part: number) => (cell + part) * 8;
    switch (value.kind) {
      case "number":
        out.store("f64.store", local(this.next), value.code, at(0));
        return [from => f64s[(from + at(0)) / 8], 1];
      case "boolean":
        out.store("f64.store", local(this.next), f64.convert_i32_s(value.code), at(0));
        return [from => [false, true][f64s[(from + at(0)) / 8]!], 1];
      case "string":
        out.store("i32.store", local(this.next), value.start, at(0));
        out.store("i32.store", local(this.next), value.bytes, at(0) + 4);
        return [from => textAt((from + at(0)) / 4), 1];
      case "constant":
        return [() => value.value, 0];
      case "optional": {
        out.store("f64.store", local(this.next), f64.convert_i32_s(value.present), at(0));
        const [read, cells] = this.store(value.item, cell + 1);
        return [from => (f64s[(from + at(0)) / 8] === 1 ? read(from) : value.absent), cells + 1];
      }
      default:
        throw new Error(`${value.kind} is no result`);
    }
  }
}

function textAt(word: number): string {
  const [start, bytes] = [u32[word]!, u32[word + 1]!];
  return Buffer.from(u8.slice(start, start + bytes)).toString();
}
