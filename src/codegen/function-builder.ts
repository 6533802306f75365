/**
 * Writes one function, statement after statement. What is written inside `if`, `block`, `loop` and `collect` goes into their
 * bodies; `collect` keeps it to be placed elsewhere, or not at all.
 */
import type { Code, FunctionCode, I32, Import, Label, Local, Statement, ValueType } from "./code.ts";
import { local } from "./operations.ts";

export class FunctionBuilder {
  readonly parameters: readonly Local[];
  private readonly locals: Local[] = [];
  private body: Statement[] = [];

  constructor(
    private readonly name: string,
    parameters: readonly (readonly [name: string, type: ValueType])[],
    private readonly result: ValueType,
  ) {
    this.parameters = parameters.map(([parameter, type]) => this.local(type, parameter));
  }

  local<T extends ValueType>(type: T, name: string): Local<T> {
    const made: Local<T> = { type, name, index: this.locals.length };
    this.locals.push(made);
    return made;
  }

  /** The value in a local of its own, computed here; constants and locals as they are. */
  keep<T extends ValueType>(value: Code<T>, name: string): Code<T> {
    if (value.kind === "constant" || value.kind === "local") return value;
    const to = this.local(value.type, name);
    this.set(to, value);
    return local(to);
  }

  set<T extends ValueType>(to: Local<T>, value: Code<T>): void {
    this.write({ kind: "set", local: to, value });
  }

  /** `op` is `i32.store`, `i32.store8`, `f64.store` … */
  store(op: string, address: I32, value: Code, offset = 0): void {
    this.write({ kind: "store", op, address, offset, value });
  }

  if(test: I32, then: () => void, otherwise?: () => void): void {
    const thenBody = this.collect(then);
    const otherwiseBody = otherwise === undefined ? [] : this.collect(otherwise);
    this.write({ kind: "if", test, then: thenBody, otherwise: otherwiseBody });
  }

  /** Jumping to the label goes behind the block. */
  block(name: string, body: (label: Label) => void): void {
    const label = { name };
    this.write({ kind: "block", label, body: this.collect(() => body(label)) });
  }

  /** Runs once; jumping to the label begins again. */
  loop(name: string, body: (label: Label) => void): void {
    const label = { name };
    this.write({ kind: "loop", label, body: this.collect(() => body(label)) });
  }

  jump(label: Label, test?: I32): void {
    this.write({ kind: "jump", label, test });
  }

  return(value: Code): void {
    this.write({ kind: "return", value });
  }

  /** Calls for the effect. */
  call(target: Import, ...args: Code[]): void {
    this.write({ kind: "call", target, args });
  }

  comment(text: string): void {
    this.write({ kind: "comment", text });
  }

  /** What `write` writes, kept apart. */
  collect(write: () => void): Statement[] {
    const outer = this.body;
    this.body = [];
    try {
      write();
      return this.body;
    } finally {
      this.body = outer;
    }
  }

  place(statements: readonly Statement[]): void {
    this.body.push(...statements);
  }

  finish(): FunctionCode {
    return {
      name: this.name,
      parameters: this.parameters,
      result: this.result,
      locals: this.locals,
      body: this.body,
    };
  }

  private write(statement: Statement): void {
    this.body.push(statement);
  }
}
