/**
 * Expressions as text for people: operators between their operands with the precedence of JavaScript and no more parentheses than
 * that needs, loads as `f64[address + 8]`, calls by name. A "u" behind an operator: its operands have no sign.
 */
import type { Code, I32, Local } from "./code.ts";

/** What is nested deeper, or longer, is left out: nobody reads it. */
const depthMax = 100;
const nodesMax = 10_000;

const precedence = {
  choice: 1,
  or: 2,
  and: 3,
  bitOr: 4,
  bitXor: 5,
  bitAnd: 6,
  equal: 7,
  compare: 8,
  shift: 9,
} as const;
const sum = 10;
const product = 11;
const unary = 12;

interface Infix {
  readonly sign: string;
  readonly binds: number;
}

const infix = new Map<string, Infix>();
const tests = new Set<string>();
for (const type of ["i32", "i64", "f64"]) {
  const define = (name: string, sign: string, binds: number) => infix.set(`${type}.${name}`, { sign, binds });
  define("add", "+", sum);
  define("sub", "-", sum);
  define("mul", "*", product);
  define("eq", "==", precedence.equal);
  define("ne", "!=", precedence.equal);
  for (const suffix of type === "f64" ? [""] : ["_s", "_u"]) {
    const mark = suffix === "_u" ? "u" : "";
    define(`div${suffix}`, `/${mark}`, product);
    define(`rem${suffix}`, `%${mark}`, product);
    for (const [name, sign] of Object.entries({ lt: "<", le: "<=", gt: ">", ge: ">=" })) {
      define(`${name}${suffix}`, `${sign}${mark}`, precedence.compare);
      tests.add(`${type}.${name}${suffix}`);
    }
  }
  for (const name of ["eq", "ne", "eqz"]) tests.add(`${type}.${name}`);
  define("and", "&", precedence.bitAnd);
  define("or", "|", precedence.bitOr);
  define("xor", "^", precedence.bitXor);
  define("shl", "<<", precedence.shift);
  define("shr_s", ">>", precedence.shift);
  define("shr_u", ">>>", precedence.shift);
}

/** Also with NaN, unlike the order of numbers. */
const opposites = new Map(
  ["i32", "i64", "f64"].flatMap(type => [
    [`${type}.eq`, `${type}.ne`],
    [`${type}.ne`, `${type}.eq`],
  ]),
);

/** Conversions by their result; what only changes how bits are seen, as it is. */
const conversions: Readonly<Record<string, string>> = {
  "i32.wrap_i64": "i32",
  "i32.trunc_sat_f64_s": "i32",
  "i32.trunc_sat_f64_u": "u32",
  "i64.extend_i32_s": "i64",
  "i64.extend_i32_u": "u64",
  "i64.trunc_sat_f64_s": "i64",
  "i64.trunc_sat_f64_u": "u64",
  "f64.convert_i32_s": "f64",
  "f64.convert_i32_u": "f64u",
  "f64.convert_i64_s": "f64",
  "f64.convert_i64_u": "f64u",
  "i64.reinterpret_f64": "bits",
  "f64.reinterpret_i64": "fromBits",
};

/** What an address is read or written as. */
const cells: Readonly<Record<string, string>> = {
  "i32.load": "i32",
  "i32.load8_u": "u8",
  "i32.load8_s": "i8",
  "i32.load16_u": "u16",
  "i32.load16_s": "i16",
  "i64.load": "i64",
  "i64.load8_u": "u8",
  "i64.load8_s": "i8",
  "i64.load16_u": "u16",
  "i64.load16_s": "i16",
  "i64.load32_u": "u32",
  "i64.load32_s": "i32",
  "f32.load": "f32",
  "f64.load": "f64",
  "v128.load": "v128",
  "i32.store": "i32",
  "i32.store8": "u8",
  "i32.store16": "u16",
  "i64.store": "i64",
  "i64.store8": "u8",
  "i64.store16": "u16",
  "i64.store32": "u32",
  "f32.store": "f32",
  "f64.store": "f64",
  "v128.store": "v128",
};

export class ExpressionPrinter {
  private depth = 0;
  private nodes = 0;

  constructor(private readonly nameOf: (local: Local) => string) {}

  /** In parentheses when it binds less than what is around it. */
  print(code: Code, around = 0): string {
    if (this.depth === 0) this.nodes = 0;
    if (this.depth === depthMax || ++this.nodes > nodesMax) return "…";
    this.depth++;
    try {
      return this.expression(code, around);
    } finally {
      this.depth--;
    }
  }

  /** What matters of it is only whether it is 0. */
  test(code: Code): string {
    const negated = negatedBy(code);
    const twice = negated === undefined ? undefined : negatedBy(negated);
    return twice === undefined ? this.print(code) : this.test(twice);
  }

  cell(op: string, address: I32, offset: number): string {
    const name = cells[op] ?? op;
    if (address.kind === "constant") return `${name}[${(Number(address.value) >>> 0) + offset}]`;
    return offset === 0 ? `${name}[${this.print(address)}]` : `${name}[${this.print(address, sum)} + ${offset}]`;
  }

  list(args: readonly Code[]): string {
    return args.map(arg => this.print(arg)).join(", ");
  }

  /** Of `local = value`: the sign to put in front of `=` and the operand, as in `row += 1`. */
  compound(local: Local, value: Code): readonly [sign: string, operand: string] {
    if (value.kind === "operation") {
      const found = infix.get(value.op);
      const [left, right] = value.args;
      if (found !== undefined && !tests.has(value.op) && left?.kind === "local" && left.local === local) {
        const negated = found.sign === "+" ? negatedText(right!) : undefined;
        return negated === undefined ? [found.sign, this.print(right!)] : ["-", negated];
      }
    }
    return ["", this.print(value)];
  }

  private expression(code: Code, around: number): string {
    switch (code.kind) {
      case "constant":
        if (code.type === "v128") return `0x${BigInt.asUintN(128, BigInt(code.value)).toString(16)}`;
        return Object.is(code.value, -0) ? "-0" : String(code.value);
      case "local":
        return this.nameOf(code.local);
      case "load":
        return this.cell(code.op, code.address, code.offset);
      case "lane":
        return `${code.op}(${[code.lane, ...code.args.map(arg => this.print(arg))].join(", ")})`;
      case "call":
        return `${code.target.name}(${this.list(code.args)})`;
      case "operation":
        return this.operation(code.op, code.args, around);
    }
  }

  private operation(op: string, args: readonly Code[], around: number): string {
    const [first, second, third] = args;
    const found = infix.get(op);
    if (found !== undefined) return this.infix(logical(op, args) ?? found, first!, second!, around);
    if (op === "select") {
      const inner = precedence.choice + 1;
      const text = `${this.print(third!, inner)} ? ${this.print(first!, inner)} : ${this.print(second!, precedence.choice)}`;
      return parenthesised(text, precedence.choice, around);
    }
    if (op === "i32.eqz" || op === "i64.eqz") return this.negation(first!, around);
    if (op === "f64.neg") return `-${this.print(first!, unary)}`;
    if (op === "f64.promote_f32") return this.print(first!, around);
    return `${conversions[op] ?? op.replace(/^(i32|i64|f64)\./, "")}(${this.list(args)})`;
  }

  private negation(of: Code, around: number): string {
    const opposite = of.kind === "operation" ? opposites.get(of.op) : undefined;
    if (opposite === undefined || of.kind !== "operation") return `!${this.print(of, unary)}`;
    return this.operation(opposite, of.args, around);
  }

  private infix({ sign, binds }: Infix, left: Code, right: Code, around: number): string {
    const negated = sign === "+" ? negatedText(right) : undefined;
    const shown = negated === undefined ? `${sign} ${this.print(right, binds + 1)}` : `- ${negated}`;
    return parenthesised(`${this.print(left, binds)} ${shown}`, binds, around);
  }
}

function parenthesised(text: string, binds: number, around: number): string {
  return binds < around ? `(${text})` : text;
}

/** `a + -1` reads as `a - 1`. */
function negatedText(code: Code): string | undefined {
  return code.kind === "constant" && code.value < 0 && code.value !== -Infinity
    ? String(code.value).slice(1)
    : undefined;
}

/** Of two tests, & and | are what people know as && and ||. */
function logical(op: string, args: readonly Code[]): Infix | undefined {
  if (!(op === "i32.and" || op === "i32.or") || !args.every(isTest)) return undefined;
  return op === "i32.and" ? { sign: "&&", binds: precedence.and } : { sign: "||", binds: precedence.or };
}

function negatedBy(code: Code): Code | undefined {
  return code.kind === "operation" && code.op === "i32.eqz" ? code.args[0] : undefined;
}

function isTest(code: Code): boolean {
  return code.kind === "operation" && (tests.has(code.op) || logical(code.op, code.args) !== undefined);
}
