/**
 * A module as text for people, as `explain("codegen")` shows it: the functions line by line in a notation between JavaScript and
 * WASM. Everything that is computed is shown; types are, where they are read from memory. Nothing reads this text.
 */
import { assertNever } from "../base/assert.ts";
import type { FunctionCode, Label, Local, ModuleCode, Statement } from "./code.ts";
import { ExpressionPrinter } from "./print-expression.ts";

export function printModule(module: ModuleCode): string {
  return module.functions.map(each => new FunctionPrinter(each).print()).join("\n");
}

class FunctionPrinter {
  private readonly lines: string[] = [];
  private indent = "";
  private readonly localNames = new Map<Local, string>();
  private readonly labelNames = new Map<Label, string>();
  private readonly loops = new Set<Label>();
  private readonly jumpedTo = new Set<Label>();
  private readonly expressions: ExpressionPrinter;

  constructor(private readonly of: FunctionCode) {
    const taken = new Set<string>();
    for (const each of of.locals) this.localNames.set(each, claimName(each.name, taken));
    this.expressions = new ExpressionPrinter(local => this.nameOf(local));
    this.noteJumps(of.body);
    this.nameLabels(of.body, new Set());
  }

  print(): string {
    const parameters = this.of.parameters.map(each => `${this.nameOf(each)}: ${each.type}`).join(", ");
    this.line(`${this.of.name}(${parameters}): ${this.of.result} {`);
    this.nested(this.of.body);
    this.line("}");
    return `${this.lines.join("\n")}\n`;
  }

  private nameOf(local: Local): string {
    return this.localNames.get(local) ?? local.name;
  }

  private noteJumps(body: readonly Statement[]): void {
    for (const each of body) {
      if (each.kind === "jump") this.jumpedTo.add(each.label);
      else for (const inner of bodiesOf(each)) this.noteJumps(inner);
    }
  }

  /** A block around nothing but a loop takes the loop's name: one leaves the loop. */
  private nameLabels(body: readonly Statement[], taken: Set<string>): void {
    for (const each of body) {
      const loop = each.kind === "block" ? this.onlyLoop(each) : undefined;
      if (each.kind === "loop") this.loops.add(each.label);
      if (each.kind === "loop" || (each.kind === "block" && this.jumpedTo.has(each.label) && loop === undefined))
        this.labelNames.set(each.label, claimName(each.label.name, taken));
      for (const inner of bodiesOf(each)) this.nameLabels(inner, taken);
      if (each.kind === "block" && loop !== undefined)
        this.labelNames.set(each.label, this.labelNames.get(loop.label)!);
    }
  }

  /** Without sequences and blocks that nobody leaves, and up to where control goes elsewhere. */
  private shown(body: readonly Statement[]): readonly Statement[] {
    const flat = body.flatMap(each => {
      const isTransparent = each.kind === "sequence" || (each.kind === "block" && !this.jumpedTo.has(each.label));
      return isTransparent ? this.shown(each.body) : [each];
    });
    const last = flat.findIndex(isLeaving);
    return last < 0 ? flat : flat.slice(0, last + 1);
  }

  private onlyLoop(block: Extract<Statement, { kind: "block" }>): Extract<Statement, { kind: "loop" }> | undefined {
    const [only, more] = this.shown(block.body);
    return only?.kind === "loop" && more === undefined ? only : undefined;
  }

  private line(text: string): void {
    this.lines.push(this.indent + text);
  }

  private nested(body: readonly Statement[]): void {
    const outer = this.indent;
    this.indent += "  ";
    for (const each of this.shown(body)) this.statement(each);
    this.indent = outer;
  }

  private statement(it: Statement): void {
    switch (it.kind) {
      case "if":
        return this.choice(it, "");
      case "block":
        if (this.onlyLoop(it) !== undefined) return this.shown(it.body).forEach(each => this.statement(each));
        this.line(`${this.labelNames.get(it.label)}: {`);
        this.nested(it.body);
        return this.line("}");
      case "loop":
        this.line(`loop ${this.labelNames.get(it.label)} {`);
        this.nested(it.body);
        return this.line("}");
      case "sequence":
        return it.body.forEach(each => this.statement(each));
      case "comment":
        return it.text.split("\n").forEach(text => this.line(`// ${text}`));
      case "set":
      case "store":
      case "jump":
      case "return":
      case "call":
        return this.line(this.simple(it));
      default:
        return assertNever(it);
    }
  }

  private choice(it: Extract<Statement, { kind: "if" }>, before: string): void {
    const head = `${before}if (${this.expressions.test(it.test)})`;
    const then = this.shown(it.then);
    const otherwise = this.shown(it.otherwise);
    const [only] = then;
    if (before === "" && otherwise.length === 0 && then.length === 1 && isLeaving(only!))
      return this.line(`${head} ${this.simple(only)}`);
    this.line(`${head} {`);
    this.nested(then);
    if (otherwise.length === 1 && otherwise[0]!.kind === "if") return this.choice(otherwise[0], "} else ");
    if (otherwise.length > 0) {
      this.line("} else {");
      this.nested(otherwise);
    }
    this.line("}");
  }

  private simple(it: SimpleStatement): string {
    const { expressions } = this;
    switch (it.kind) {
      case "set": {
        const [sign, value] = expressions.compound(it.local, it.value);
        return `${this.nameOf(it.local)} ${sign}= ${value}`;
      }
      case "store":
        return `${expressions.cell(it.op, it.address, it.offset)} = ${expressions.print(it.value)}`;
      case "jump": {
        const jump = `${this.loops.has(it.label) ? "again" : "break"} ${this.labelNames.get(it.label) ?? it.label.name}`;
        return it.test === undefined ? jump : `if (${expressions.test(it.test)}) ${jump}`;
      }
      case "return":
        return `return ${expressions.print(it.value)}`;
      case "call":
        return `${it.target.name}(${expressions.list(it.args)})`;
    }
  }
}

type SimpleStatement = Extract<Statement, { kind: "set" | "store" | "jump" | "return" | "call" }>;

function bodiesOf(it: Statement): readonly (readonly Statement[])[] {
  if (it.kind === "if") return [it.then, it.otherwise];
  return it.kind === "block" || it.kind === "loop" || it.kind === "sequence" ? [it.body] : [];
}

function isLeaving(it: Statement): it is Extract<Statement, { kind: "jump" | "return" }> {
  return it.kind === "return" || (it.kind === "jump" && it.test === undefined);
}

/** The name, or with the first number that makes it unique. */
function claimName(name: string, taken: Set<string>): string {
  let unique = name;
  for (let i = 2; taken.has(unique); i++) unique = `${name}${i}`;
  taken.add(unique);
  return unique;
}
