/**
 * Blocks of statements as code: variables are locals of one kind for good, that of their first value. Rounds of loops are counted,
 * so that one without end is left to JavaScript, which has no end either.
 */
import type { I32, Label } from "../codegen/code.ts";
import type { Expr, Statement } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { itemsEach } from "./lower-items.ts";
import { countedBy, CountingLoop, isCountable } from "./lower-loop.ts";
import { constantOf, keep, not, undefinedValue } from "./lower-number.ts";
import { present } from "./lower-record.ts";
import { Running } from "./lower-running.ts";
import { noteVariable, snapshot } from "./lower-variables.ts";
import { beginWide, widen, Widened } from "./lower-widening.ts";
import { branch, Never } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import { allStatements } from "./statements.ts";
import { noteThrowing } from "./throwing.ts";
import type { Value } from "./value.ts";

type StatementOf<Do extends Statement["do"]> = Extract<Statement, { do: Do }>;

/** How expressions are compiled. */
export interface Lower {
  value(expr: Expr): Value;
  test(expr: Expr): I32;
}

export function lowerBlock(body: readonly Statement[], frame: Frame, lower: Lower): Value {
  const { out } = frame.lowering;
  for (;;) {
    let value: Value | undefined;
    let ending: Never | undefined;
    try {
      const written = branch(out, () => writeBlock(body, frame, lower));
      out.place(written.body);
      ({ value, never: ending } = written);
    } catch (thrown) {
      if (!(thrown instanceof Widened) || !declares(body, thrown.key)) throw thrown;
      continue;
    }
    if (value === undefined) throw ending!;
    return value;
  }
}

function declares(body: readonly Statement[], key: object): boolean {
  return key === body || [...allStatements(body)].some(each => each === key);
}

function writeBlock(body: readonly Statement[], frame: Frame, lower: Lower): Value {
  const last = body.at(-1);
  const isPlain =
    !body.slice(0, -1).some(mayReturn) && (last === undefined || last.do === "return" || !mayReturn(last));
  const writer = new BlockWriter(frame, lower);
  if (isPlain) {
    const isReturned = last?.do === "return";
    writer.writeAll(isReturned ? body.slice(0, -1) : body);
    return isReturned ? lower.value(last.value) : undefinedValue;
  }
  frame.lowering.out.block("returned", label => {
    const result = new Result(frame, label, body);
    writer.result = result;
    const written = branch(frame.lowering.out, () => {
      if (writer.writeAll(body)) result.give(undefinedValue, undefined);
    });
    frame.lowering.out.place(written.body);
    writer.never = written.never;
  });
  const { value } = writer.result!;
  if (value === undefined) throw writer.never ?? new Never("always needs JavaScript", last?.at);
  return value;
}

function mayReturn(statement: Statement): boolean {
  switch (statement.do) {
    case "return":
      return true;
    case "if":
      return statement.then.some(mayReturn) || statement.otherwise.some(mayReturn);
    case "loop":
    case "forOf":
    case "block":
      return statement.body.some(mayReturn);
    default:
      return false;
  }
}

/** What a block returns from one of several places. */
class Result {
  value: Value | undefined;
  private running: Running | undefined;

  constructor(
    private readonly frame: Frame,
    private readonly label: Label,
    private readonly key: object,
  ) {}

  give(value: Value, at: Statement["at"]): void {
    this.running ??= new Running(this.frame, at, "returns");
    this.value ??= beginWide(this.running, value, this.key, this.frame);
    widen(this.value, value, this.key, this.frame);
    this.running.set(this.value, value);
    this.frame.lowering.out.jump(this.label);
  }
}

/** The statement that each variable comes of. */
const declarations = new WeakMap<Value, Statement>();

interface Labels {
  readonly behind: Label;
  readonly next: Label | undefined;
}

class BlockWriter {
  result: Result | undefined;
  never: Never | undefined;
  private readonly labels = new Map<number, Labels>();

  constructor(
    private readonly frame: Frame,
    private readonly lower: Lower,
  ) {}

  /** Whether what follows is reached. */
  writeAll(statements: readonly Statement[]): boolean {
    return statements.every(each => this.write(each));
  }

  private write(statement: Statement): boolean {
    const { frame, lower, labels } = this;
    const { out } = frame.lowering;
    switch (statement.do) {
      case "let":
        frame.locals[statement.local] = snapshot(lower.value(statement.value), frame);
        return true;
      case "variable":
        this.declare(statement, lower.value(statement.value));
        return true;
      case "assign":
        this.assign(statement);
        return true;
      case "evaluate":
        lower.value(statement.value);
        return true;
      case "if":
        return this.conditional(statement);
      case "loop":
        this.loop(statement);
        return true;
      case "forOf":
        this.forOf(statement);
        return true;
      case "block":
        out.block("block", behind => {
          labels.set(statement.label, { behind, next: undefined });
          this.aside(() => this.writeAll(statement.body));
        });
        return true;
      case "leave":
        out.jump(labels.get(statement.label)!.behind);
        return false;
      case "continue":
        out.jump(labels.get(statement.label)!.next!);
        return false;
      case "return": {
        const value = lower.value(statement.value);
        this.result!.give(value, statement.at);
        return false;
      }
    }
  }

  private declare(statement: StatementOf<"variable">, first: Value): void {
    const { frame } = this;
    const { local, at } = statement;
    const running = new Running(frame, at, "assigns");
    const variable = beginWide(running, first, statement, frame);
    declarations.set(variable, statement);
    noteVariable(variable, frame);
    running.set(variable, first);
    frame.locals[local] = variable;
  }

  private assign({ local, value, at }: StatementOf<"assign">): void {
    const variable = this.frame.locals[local];
    if (variable === undefined) throw new NotNative("assigns to a variable before it has a value", at);
    const next = this.lower.value(value);
    widen(variable, next, declarations.get(variable)!, this.frame);
    new Running(this.frame, at, "assigns").set(variable, next);
  }

  private conditional({ test, then, otherwise }: StatementOf<"if">): boolean {
    const { out } = this.frame.lowering;
    const isTrue = this.lower.test(test);
    const known = constantOf(isTrue);
    if (known !== undefined) return this.writeAll(known !== 0 ? then : otherwise);
    const a = branch(out, () => this.writeAll(then));
    const b = branch(out, () => this.writeAll(otherwise));
    if (b.body.length === 0) out.if(isTrue, () => out.place(a.body));
    else
      out.if(
        isTrue,
        () => out.place(a.body),
        () => out.place(b.body),
      );
    return a.value === true || b.value === true;
  }

  /** What may always give up: nothing of it is reached then, but what follows may be. */
  private aside(write: () => void): void {
    const { out } = this.frame.lowering;
    out.place(branch(out, write).body);
  }

  private loop(statement: StatementOf<"loop">): void {
    const { frame, lower } = this;
    let counting: CountingLoop | undefined;
    for (const each of statement.init) {
      const by = countedBy(statement, each);
      if (by === undefined || each.do !== "variable") this.write(each);
      else {
        const first = lower.value(each.value);
        if (isCountable(first)) counting = new CountingLoop(each.local, by, first, statement, frame, lower);
        else this.declare(each, first);
      }
    }
    if (counting === undefined) {
      const test = () => lower.test(statement.test);
      this.rounds(statement, test, () => void this.writeAll(statement.update));
      return;
    }
    const known = counting.unrolled();
    if (known === undefined) {
      const counter = counting;
      counter.begin();
      this.rounds(
        statement,
        () => counter.test(),
        () => counter.update(),
      );
    } else this.unrolled(statement, counting, known);
  }

  private unrolled(statement: StatementOf<"loop">, counting: CountingLoop, rounds: number): void {
    const { out } = this.frame.lowering;
    out.block("loopDone", behind => {
      this.aside(() => {
        for (let round = 0; round < rounds; round++) {
          counting.setRound(round);
          if (!this.round(statement, behind)) return;
        }
      });
    });
  }

  /** The body once; whether what follows in the loop is reached. */
  private round({ label, body }: StatementOf<"loop" | "forOf">, behind: Label): boolean {
    let goesOn = false;
    this.frame.lowering.out.block("round", next => {
      this.labels.set(label, { behind, next });
      this.aside(() => (goesOn = this.writeAll(body)));
      goesOn ||= body.some(each => mayContinue(each, label));
    });
    return goesOn;
  }

  private rounds(statement: StatementOf<"loop">, test: () => I32, update: () => void): void {
    const { out } = this.frame.lowering;
    const leaveUnless = (behind: Label) => {
      const goesOn = test();
      const known = constantOf(goesOn);
      if (known === undefined) out.jump(behind, not(goesOn));
      else if (known === 0) out.jump(behind);
      return known !== 0;
    };
    noteThrowing(this.frame.lowering);
    out.block("loopDone", behind =>
      out.loop("loop", again =>
        this.aside(() => {
          if (statement.first !== true && !leaveUnless(behind)) return;
          if (!this.round(statement, behind)) return;
          update();
          if (statement.first === true && !leaveUnless(behind)) return;
          this.frame.lowering.countRound();
          out.jump(again);
        }),
      ),
    );
  }

  private forOf(statement: StatementOf<"forOf">): void {
    const { frame } = this;
    const { out } = frame.lowering;
    const given = this.lower.value(statement.target);
    const target = snapshot(given.kind === "optional" ? present(given, frame) : given, frame);
    out.block("loopDone", behind =>
      this.aside(() =>
        itemsEach(target, frame, statement.at, item => {
          if (target.kind !== "struct") frame.lowering.countRound();
          frame.locals[statement.item] = snapshot(keep(item, frame, "item"), frame);
          this.round(statement, behind);
        }),
      ),
    );
  }
}

function mayContinue(statement: Statement, label: number): boolean {
  switch (statement.do) {
    case "continue":
      return statement.label === label;
    case "if":
      return [...statement.then, ...statement.otherwise].some(each => mayContinue(each, label));
    case "loop":
    case "forOf":
    case "block":
      return statement.body.some(each => mayContinue(each, label));
    default:
      return false;
  }
}
