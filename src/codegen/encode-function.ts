/**
 * One function's locals and code as bytes. Operand types are checked against the instructions on the way, for an error that names
 * the instruction and the function; expressions may be nested as deeply as they like, statements some thousands deep.
 */
import { FiresteelError } from "../base/errors.ts";
import type { ByteWriter } from "./byte-writer.ts";
import type { Code, FunctionCode, Import, Label, Statement, ValueType } from "./code.ts";
import { laneCounts, lanes, loads, operations, selectOpcode, stores, type Instruction } from "./instructions.ts";

export const typeBytes: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b };

/** Longer functions are refused: compiling them would take seconds, and JSC takes none beyond 7.6 MB. */
export const functionBytesMax = 1 << 20;

/** The function came out longer than `functionBytesMax`; whoever wanted it does without. */
export class FunctionTooLong extends Error {
  override readonly name = "FunctionTooLong";
}

const block = 0x02;
const loop = 0x03;
const iff = 0x04;
const otherwise = 0x05;
const end = 0x0b;
const branch = 0x0c;
const branchIf = 0x0d;
const leave = 0x0f;
const callOpcode = 0x10;
const drop = 0x1a;
const unreachable = 0x00;
const localGet = 0x20;
const localSet = 0x21;
const noResult = 0x40;

/** Into `out`, without the size in front; `indexOf` numbers the functions that are called. */
export function encodeFunction(of: FunctionCode, out: ByteWriter, indexOf: (target: Import) => number): void {
  writeLocals(of, out);
  const encoder = new FunctionEncoder(of, out, indexOf);
  encoder.statements(of.body);
  // control never comes here: functions end by `return`
  out.byte(unreachable);
  out.byte(end);
}

/** Runs of one type each. */
function writeLocals(of: FunctionCode, out: ByteWriter): void {
  const own = of.locals.slice(of.parameters.length);
  const runs: { type: ValueType; count: number }[] = [];
  for (const { type } of own) {
    const last = runs.at(-1);
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  out.u32(runs.length);
  for (const { type, count } of runs) {
    out.u32(count);
    out.byte(typeBytes[type]);
  }
}

class FunctionEncoder {
  /** From the outermost; undefined where an `if` counts and has no name. */
  private readonly labels: (Label | undefined)[] = [];
  /** Operations whose operands are being written, and how many of them were begun. */
  private readonly open: Code[] = [];
  private readonly begun: number[] = [];

  constructor(
    private readonly of: FunctionCode,
    private readonly out: ByteWriter,
    private readonly indexOf: (target: Import) => number,
  ) {}

  statements(body: readonly Statement[]): void {
    for (const each of body) this.statement(each);
  }

  private statement(it: Statement): void {
    const { out } = this;
    switch (it.kind) {
      case "set":
        if (it.value.type !== it.local.type) throw this.wrong(`local ${it.local.name}`, it.value.type);
        this.expression(it.value);
        this.local(localSet, it.local);
        return;
      case "store":
        return this.store(it);
      case "if":
        return this.choice(it);
      case "block":
        return this.nested(block, it.label, it.body);
      case "loop":
        return this.nested(loop, it.label, it.body);
      case "jump":
        return this.jump(it.label, it.test);
      case "return":
        if (it.value.type !== this.of.result) throw this.wrong("return", it.value.type);
        this.expression(it.value);
        return out.byte(leave);
      case "sequence":
        return this.statements(it.body);
      case "call":
        this.arguments(it.target.parameters, it.args, it.target.name);
        for (const each of it.args) this.expression(each);
        this.call(it.target);
        if (it.target.result !== undefined) out.byte(drop);
        return;
      case "comment":
        return;
    }
  }

  private store(it: Extract<Statement, { kind: "store" }>): void {
    const instruction = stores.get(it.op);
    if (instruction === undefined) throw this.unknown("store", it.op);
    this.arguments(["i32", instruction.value], [it.address, it.value], it.op);
    this.expression(it.address);
    this.expression(it.value);
    this.opcode(instruction.opcode);
    this.address(it.op, it.offset);
  }

  private choice(it: Extract<Statement, { kind: "if" }>): void {
    this.test(it.test);
    this.out.byte(iff);
    this.out.byte(noResult);
    this.labels.push(undefined);
    this.statements(it.then);
    if (it.otherwise.length > 0) {
      this.out.byte(otherwise);
      this.statements(it.otherwise);
    }
    this.labels.pop();
    this.out.byte(end);
  }

  private nested(opcode: number, label: Label, body: readonly Statement[]): void {
    this.out.byte(opcode);
    this.out.byte(noResult);
    this.labels.push(label);
    this.statements(body);
    this.labels.pop();
    this.out.byte(end);
  }

  private jump(label: Label, test: Code | undefined): void {
    const at = this.labels.lastIndexOf(label);
    if (at < 0) throw this.wrong("a jump", `the label ${label.name}, which nothing around it has`);
    if (test !== undefined) this.test(test);
    this.out.byte(test === undefined ? branch : branchIf);
    this.out.u32(this.labels.length - 1 - at);
  }

  private test(code: Code): void {
    if (code.type !== "i32") throw this.wrong("a test", code.type);
    this.expression(code);
  }

  /** Operands before their operation, with a stack of its own instead of calls, for any depth. */
  private expression(root: Code): void {
    const { open, begun } = this;
    let code = root;
    for (;;) {
      // down to the first operand that has none itself
      for (let operands = operandsOf(code); operands.length > 0; operands = operandsOf(code)) {
        open.push(code);
        begun.push(1);
        code = operands[0]!;
      }
      this.instruction(code);
      // up to the next operand that is still to be written
      for (;;) {
        const parent = open.at(-1);
        if (parent === undefined) return;
        const operands = operandsOf(parent);
        const next = begun[begun.length - 1]!;
        if (next < operands.length) {
          begun[begun.length - 1] = next + 1;
          code = operands[next]!;
          break;
        }
        open.pop();
        begun.pop();
        this.instruction(parent);
      }
    }
  }

  /** What follows the operands. */
  private instruction(code: Code): void {
    if (this.out.length > functionBytesMax)
      throw new FunctionTooLong(`the code of ${this.of.name} is longer than ${functionBytesMax} bytes`);
    switch (code.kind) {
      case "constant":
        return this.constant(code.type, code.value);
      case "local":
        return this.local(localGet, code.local);
      case "operation":
        return this.operation(code);
      case "load": {
        this.opcode(this.known(loads, code, [code.address]).opcode);
        return this.address(code.op, code.offset);
      }
      case "lane": {
        this.opcode(this.known(lanes, code, code.args).opcode);
        const count = laneCounts[code.op.slice(0, code.op.indexOf("."))]!;
        if (!(code.lane >= 0 && code.lane < count)) throw this.wrong(code.op, `lane ${code.lane} of ${count}`);
        return this.out.byte(code.lane);
      }
      case "call":
        this.arguments(code.target.parameters, code.args, code.target.name);
        if (code.target.result !== code.type) throw this.wrongResult(code.target.name, code.type);
        return this.call(code.target);
    }
  }

  private constant(type: ValueType, value: number | bigint): void {
    const { out } = this;
    switch (type) {
      case "i32": {
        const number = Number(value);
        if ((number | 0) !== number && number >>> 0 !== number) throw this.wrong("i32.const", String(value));
        out.byte(0x41);
        return out.s32(number);
      }
      case "i64":
        out.byte(0x42);
        return out.s64(BigInt(value));
      case "f64":
        out.byte(0x44);
        return out.f64(Number(value));
      case "v128":
        this.opcode([0xfd, 12]);
        return out.v128(BigInt(value));
    }
  }

  private local(opcode: number, local: FunctionCode["locals"][number]): void {
    if (this.of.locals[local.index] !== local) throw this.wrong("code", `local ${local.name} of another function`);
    this.out.byte(opcode);
    this.out.u32(local.index);
  }

  private operation(code: Extract<Code, { kind: "operation" }>): void {
    if (code.op !== "select") return this.opcode(this.known(operations, code, code.args).opcode);
    this.arguments([code.type, code.type, "i32"], code.args, "select");
    this.out.byte(selectOpcode);
  }

  private call(target: Import): void {
    this.out.byte(callOpcode);
    this.out.u32(this.indexOf(target));
  }

  private address(op: string, offset: number): void {
    if (offset >>> 0 !== offset) throw this.wrong(op, `offset ${offset}`);
    // the alignment is a hint without effect
    this.out.byte(0);
    this.out.u32(offset);
  }

  private opcode(bytes: readonly number[]): void {
    for (const each of bytes) this.out.byte(each);
  }

  private known(
    among: ReadonlyMap<string, Instruction>,
    code: Extract<Code, { op: string }>,
    args: readonly Code[],
  ): Instruction {
    const found = among.get(code.op);
    if (found === undefined) throw this.unknown(code.kind, code.op);
    this.arguments(found.parameters, args, code.op);
    if (found.result !== code.type) throw this.wrongResult(code.op, code.type);
    return found;
  }

  private arguments(parameters: readonly ValueType[], args: readonly Code[], op: string): void {
    let fits = args.length === parameters.length;
    for (let i = 0; fits && i < parameters.length; i++) fits = args[i]!.type === parameters[i];
    if (!fits) throw this.wrong(op, `(${args.map(arg => arg.type).join()}) for (${parameters.join()})`);
  }

  private unknown(kind: string, op: string): FiresteelError {
    return new FiresteelError("internal", `generated code of ${this.of.name}: no ${kind} is called ${op}`);
  }

  private wrong(op: string, given: string): FiresteelError {
    return new FiresteelError("internal", `generated code of ${this.of.name}: ${op} is given ${given}`);
  }

  private wrongResult(op: string, type: ValueType): FiresteelError {
    return new FiresteelError("internal", `generated code of ${this.of.name}: ${op} does not give ${type}`);
  }
}

const none: readonly Code[] = [];

function operandsOf(code: Code): readonly Code[] {
  switch (code.kind) {
    case "constant":
    case "local":
      return none;
    case "load":
      return [code.address];
    case "operation":
    case "lane":
    case "call":
      return code.args;
  }
}
