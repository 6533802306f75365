/**
 * Random lambdas as source text, for rows of a given type: mostly well typed, as users write them, now and then not. The same texts
 * run as plain functions, interpreted, and compiled; all must agree.
 */
import type { Random } from "../../src/base/random.ts";
import type { Primitive } from "../../src/expr/ir.ts";
import {
  awkwardNumbers,
  awkwardStrings,
  booleanType,
  numberType,
  pick,
  randomRowType,
  type RowType,
  stringType,
} from "./random-rows.ts";

export interface RandomLambda {
  /** `row => …`, plain JavaScript. */
  readonly text: string;
  /** By name: variables that the text uses and does not declare. */
  readonly captures: Readonly<Record<string, unknown>>;
}

export interface LambdaOptions {
  /** One expression in so many is of any type; never when 0. */
  readonly wildEvery: number;
  /** How deep expressions go. */
  readonly depth: number;
}

/** A lambda with one parameter for each type: one for `map`, two of one type for `reduce`. */
export function randomLambda(
  random: Random,
  parameters: readonly RowType[],
  options: LambdaOptions = { wildEvery: 12, depth: 4 },
  result?: RowType,
): RandomLambda {
  return new LambdaWriter(random, options).lambda(parameters, result);
}

/** The plain function that a text is. */
export function functionOf({ text, captures }: RandomLambda): (...args: unknown[]) => unknown {
  const make = new Function(...Object.keys(captures), `"use strict"; return (${text});`);
  return make(...Object.values(captures)) as (...args: unknown[]) => unknown;
}

const wellFormed = awkwardStrings.filter(each => each.isWellFormed());

interface Variable {
  readonly text: string;
  readonly type: RowType;
}

export class LambdaWriter {
  protected variables: Variable[] = [];
  protected readonly captures: Record<string, unknown> = {};
  private names = 0;

  constructor(
    protected readonly random: Random,
    protected readonly options: LambdaOptions,
  ) {}

  lambda(parameters: readonly RowType[], result: RowType | undefined): RandomLambda {
    const patterns = parameters.map(type => this.pattern(type));
    const type = result ?? randomRowType(this.random);
    const body = this.chance(3) ? this.block(type) : this.concise(type);
    return { text: `(${patterns.join(", ")}) => ${body}`, captures: this.captures };
  }

  protected chance(one: number): boolean {
    return this.random.below(one) === 0;
  }

  protected fresh(): string {
    return `v${this.names++}`;
  }

  /** A name or a destructuring pattern; declares what is in it. */
  protected pattern(type: RowType): string {
    if (type.kind === "tuple" && this.chance(2)) {
      return `[${type.items.map(each => (this.chance(5) ? "" : this.pattern(each))).join(", ")}, ]`.replace(
        /^\[[, ]*\]$/,
        () => this.named(type),
      );
    }
    if (type.kind === "record" && this.chance(2)) {
      const fields = Object.entries(type.fields).map(([name, each]) => {
        const fallback = this.chance(9) ? ` = ${this.expr(each, 1)}` : "";
        return `${name}: ${this.pattern(each)}${fallback}`;
      });
      return `{ ${fields.join(", ")} }`;
    }
    return this.named(type);
  }

  protected named(type: RowType): string {
    const text = this.fresh();
    this.variables.push({ text, type });
    return text;
  }

  private concise(type: RowType): string {
    const text = this.expr(type, this.options.depth);
    return text.startsWith("{") ? `(${text})` : text;
  }

  protected block(type: RowType): string {
    const outer = this.variables;
    this.variables = [...outer];
    const statements: string[] = [];
    for (let count = this.random.below(4); count > 0; count--) {
      const local = randomRowType(this.random, 1);
      const value = this.expr(local, this.options.depth - 2);
      if (this.chance(4)) statements.push(this.helper(local));
      else if (this.chance(2)) statements.push(`const ${this.pattern(local)} = ${value};`);
      else
        statements.push(
          `if (${this.expr(booleanType, 2)}) ${this.chance(3) ? this.block(type) : `return ${this.expr(type, 2)};`}`,
        );
    }
    if (this.chance(4)) statements.push(this.choice(type));
    const last = this.chance(9) ? "" : `return ${this.expr(type, this.options.depth - 1)};`;
    this.variables = outer;
    return `{ ${statements.join(" ")} ${last} }`;
  }

  /** A function of the lambda's own, and a constant that it computes. */
  protected helper(type: RowType): string {
    const name = this.fresh();
    const parameter = this.fresh();
    const of = randomRowType(this.random, 1);
    const body = this.inner([{ text: parameter, type: of }], () => this.concise(type));
    const given = this.expr(of, 2);
    const isArrow = this.chance(2);
    const text = isArrow
      ? `const ${name} = ${parameter} => ${body};`
      : `function ${name}(${parameter}) { return ${body}; }`;
    return `${text} const ${this.named(type)} = ${name}(${given});`;
  }

  protected choice(type: RowType): string {
    const by = this.chance(2) ? numberType : stringType;
    const one = () =>
      `case ${this.literal(by)}: ${this.chance(3) ? "break;" : this.chance(3) ? "" : `return ${this.expr(type, 1)};`}`;
    return `switch (${this.expr(by, 2)}) { ${one()} ${this.chance(2) ? `default: return ${this.expr(type, 1)};` : ""} ${one()} }`;
  }

  protected expr(wanted: RowType, depth: number): string {
    const { wildEvery } = this.options;
    const type = wildEvery > 0 && this.chance(wildEvery) ? randomRowType(this.random, 1) : wanted;
    if (depth <= 0 || this.chance(6)) return this.leaf(type);
    if (this.chance(8)) {
      return `(${this.expr(booleanType, depth - 1)} ? ${this.expr(type, depth - 1)} : ${this.expr(type, depth - 1)})`;
    }
    if (this.chance(14)) {
      return `(${this.expr(type, depth - 1)} ${pick(this.random, ["&&", "||", "??"])} ${this.expr(type, depth - 1)})`;
    }
    switch (type.kind) {
      case "number":
        return this.number(depth - 1);
      case "boolean":
        return this.boolean(depth - 1);
      case "string":
        return this.string(depth - 1);
      case "list":
        return this.listOf(type.item, depth - 1);
      case "date":
        return this.leaf(type);
      case "tuple":
        return `[${type.items.map(each => this.expr(each, depth - 1)).join(", ")}]`;
      case "record":
        return `({ ${this.spread(type)}${Object.entries(type.fields)
          .map(([name, each]) => `${name}: ${this.expr(each, depth - 1)}`)
          .join(", ")} })`;
    }
  }

  protected number(depth: number): string {
    const n = () => this.expr(numberType, depth);
    const s = () => this.expr(stringType, depth);
    switch (this.random.below(17)) {
      case 0:
      case 1:
      case 2:
        return `(${n()} ${pick(this.random, ["+", "-", "*", "/", "%", "+", "-", "*", "**"])} ${n()})`;
      case 3:
        return `(${n()} ${pick(this.random, ["&", "|", "^", "<<", ">>", ">>>"])} ${n()})`;
      case 4:
        return `(${pick(this.random, ["-", "+", "~"])}(${n()}))`;
      case 5:
        return `Math.${pick(this.random, ["floor", "ceil", "round", "trunc", "abs", "sqrt", "sign", "fround", "clz32"])}(${n()})`;
      case 6:
        return `Math.${pick(this.random, ["max", "min", "imul", "pow"])}(${n()}, ${n()})`;
      case 7:
        return `${s()}.length`;
      case 8:
        return `${s()}.${pick(this.random, ["indexOf", "lastIndexOf"])}(${s()})`;
      case 9:
        return `${s()}.charCodeAt(${n()})`;
      case 11:
        return `${this.listOf(pick(this.random, [numberType, stringType]), depth)}.length`;
      case 12:
        return `(${this.listOf(numberType, depth)}[${n()}] ?? ${n()})`;
      case 13:
        return `parseInt(${this.chance(2) ? s() : n()}${this.chance(3) ? `, ${pick(this.random, [0, 2, 10, 16, 36])}` : ""})`;
      case 14: {
        const list = this.listOf(numberType, depth);
        return `${list}.${pick(this.random, ["indexOf", "lastIndexOf"])}(${n()})`;
      }
      case 15:
        return this.date(depth);
      case 10:
        return `(${pick(this.random, ["Number", "parseFloat", "+"])}(${this.chance(2) ? s() : this.expr(booleanType, depth)}))`;
      default: {
        const item = this.fresh();
        const sum = this.fresh();
        const list = this.listOf(numberType, depth);
        const body = this.inner(
          [
            { text: item, type: numberType },
            { text: sum, type: numberType },
          ],
          () => this.expr(numberType, depth - 1),
        );
        return `${list}.reduce((${sum}, ${item}) => ${body}, ${this.literal(numberType)})`;
      }
    }
  }

  private date(depth: number): string {
    const known = this.variables.filter(each => each.type.kind === "date");
    if (known.length === 0) return this.expr(numberType, depth);
    const names = ["getTime", "valueOf", "getUTCFullYear", "getUTCMonth", "getUTCDate", "getUTCDay", "getUTCHours"];
    return `${pick(this.random, known).text}.${pick(this.random, [...names, "getUTCMinutes", "getUTCSeconds"])}()`;
  }

  /** A variable of the same type in front, whose fields are all replaced. */
  private spread(type: RowType): string {
    const known = this.variables.filter(each => sameKind(each.type, type));
    return known.length > 0 && this.chance(4) ? `...${pick(this.random, known).text}, ` : "";
  }

  private boolean(depth: number): string {
    const of = this.chance(2) ? numberType : stringType;
    const s = () => this.expr(stringType, depth);
    switch (this.random.below(12)) {
      case 0:
      case 1:
      case 2:
        return `(${this.expr(of, depth)} ${pick(this.random, ["<", "<=", ">", ">=", "===", "!==", "==", "!="])} ${this.expr(of, depth)})`;
      case 3:
        return `!${this.leafOrParenthesised(this.expr(this.chance(2) ? booleanType : of, depth))}`;
      case 4:
        return `(${this.expr(booleanType, depth)} ${pick(this.random, ["&&", "||"])} ${this.expr(booleanType, depth)})`;
      case 5:
        return `${s()}.${pick(this.random, ["startsWith", "endsWith", "includes"])}(${s()})`;
      case 6:
        return `Number.${pick(this.random, ["isInteger", "isFinite", "isNaN", "isSafeInteger"])}(${this.expr(numberType, depth)})`;
      case 8:
        return `(${this.leafOrParenthesised(this.expr(of, depth))} ${pick(this.random, ["==", "!=", "===", "!=="])} ${pick(this.random, ["null", "undefined"])})`;
      case 9:
        return `${this.listOf(of, depth)}.includes(${this.expr(of, depth)})`;
      case 10:
        return `Array.isArray(${this.leaf(pick(this.random, [of, { kind: "list", item: of }]))})`;
      case 7:
        return `(typeof ${this.leafOrParenthesised(this.expr(of, depth))} === ${JSON.stringify(of.kind)})`;
      default: {
        const item = this.fresh();
        const list = this.listOf(of, depth);
        const body = this.inner([{ text: item, type: of }], () => this.expr(booleanType, depth - 1));
        return `${list}.${pick(this.random, ["some", "every"])}(${item} => ${body})`;
      }
    }
  }

  private string(depth: number): string {
    const s = () => this.expr(stringType, depth);
    const n = () => this.expr(numberType, depth);
    switch (this.random.below(9)) {
      case 0:
      case 1:
        return `(${s()} + ${this.chance(2) ? s() : n()})`;
      case 2:
        return `\`<\${${s()}}-\${${n()}}>\``;
      case 3:
        return `${s()}.${pick(this.random, ["trim", "toLowerCase", "toUpperCase", "trimStart", "trimEnd"])}()`;
      case 4:
        return `${s()}.${pick(this.random, ["slice", "substring"])}(${n()}${this.chance(2) ? `, ${n()}` : ""})`;
      case 5:
        return `${s()}.${pick(this.random, ["charAt", "at"])}(${n()})`;
      case 6:
        return `String(${this.expr(pick(this.random, [numberType, booleanType, stringType]), depth)})`;
      case 7:
        return `${this.listOf(stringType, depth)}.join(${this.literal(stringType)})`;
      default:
        return `(${this.listOf(stringType, depth)}[${this.random.below(3)}] ?? ${this.leaf(stringType)})`;
    }
  }

  protected listOf(item: RowType, depth: number): string {
    const known = this.variables.filter(each => each.type.kind === "list" && each.type.item.kind === item.kind);
    if (known.length > 0 && this.chance(2)) return pick(this.random, known).text;
    if (depth > 0 && this.chance(2)) {
      const name = this.fresh();
      const index = this.chance(3) ? this.fresh() : undefined;
      const of = this.chance(2) ? numberType : stringType;
      const isFilter = item.kind === of.kind && this.chance(2);
      const list = this.listOf(of, depth - 1);
      const names = [{ text: name, type: of }, ...(index === undefined ? [] : [{ text: index, type: numberType }])];
      const body = this.inner(names, () => this.expr(isFilter ? booleanType : item, depth - 1));
      const wrapped = body.startsWith("{") ? `(${body})` : body;
      return `${list}.${isFilter ? "filter" : "map"}((${names.map(each => each.text).join(", ")}) => ${wrapped})`;
    }
    if (item.kind === "string" && this.chance(2)) {
      const separator = pick(this.random, [" ", ",", "", "ab", "é"]);
      return `${this.expr(stringType, depth - 1)}.split(${JSON.stringify(separator)}${this.chance(8) ? `, ${this.random.below(4)}` : ""})`;
    }
    return `[${Array.from({ length: this.random.below(4) }, () => this.expr(item, depth - 1)).join(", ")}]`;
  }

  protected inner(names: readonly Variable[], write: () => string): string {
    const outer = this.variables;
    this.variables = [...outer, ...names];
    const text = write();
    this.variables = outer;
    return text;
  }

  /** A variable, a part of one, a captured value or a literal. */
  protected leaf(type: RowType): string {
    const reachable = this.variables.flatMap(each => parts(each, 2)).filter(each => sameKind(each.type, type));
    if (reachable.length > 0 && !this.chance(4)) return pick(this.random, reachable).text;
    const isPlain = type.kind === "number" || type.kind === "string" || type.kind === "boolean";
    if (isPlain && this.chance(3)) {
      const name = `c${Object.keys(this.captures).length}`;
      this.captures[name] = this.constant(type);
      return name;
    }
    return this.literal(type);
  }

  protected literal(type: RowType): string {
    switch (type.kind) {
      case "tuple":
        return `[${type.items.map(each => this.leaf(each)).join(", ")}]`;
      case "record":
        return `({ ${Object.entries(type.fields)
          .map(([name, each]) => `${name}: ${this.leaf(each)}`)
          .join(", ")} })`;
      case "list":
        return `[${Array.from({ length: this.random.below(3) }, () => this.leaf(type.item)).join(", ")}]`;
      case "date":
        return "undefined";
      default:
        return literalText(this.constant(type));
    }
  }

  protected constant(type: RowType): Primitive {
    if (type.kind === "boolean") return this.chance(2);
    // code for half a surrogate pair is rare
    if (type.kind === "string") return pick(this.random, this.chance(30) ? awkwardStrings : wellFormed);
    return this.chance(2) ? this.random.below(20) : pick(this.random, awkwardNumbers);
  }

  private leafOrParenthesised(text: string): string {
    return /^\w+$/.test(text) ? text : `(${text})`;
  }
}

function literalText(value: Primitive): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "number") return String(value);
  // in parentheses, as methods may be called on it
  return Object.is(value, -0) ? "(-0)" : `(${value})`;
}

/** A variable and what is in it, as the user writes it. */
function parts(variable: Variable, depth: number): Variable[] {
  const { text, type } = variable;
  const inner: Variable[] =
    depth === 0
      ? []
      : type.kind === "tuple"
        ? type.items.map((each, at) => ({ text: `${text}[${at}]`, type: each }))
        : type.kind === "record"
          ? Object.entries(type.fields).map(([name, each]) => ({
              text: `${text}${name.length % 2 === 0 ? "." : "?."}${name}`,
              type: each,
            }))
          : [];
  return [variable, ...inner.flatMap(each => parts(each, depth - 1))];
}

function sameKind(a: RowType, b: RowType): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
