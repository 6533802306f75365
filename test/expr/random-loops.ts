/**
 * Random lambdas with loops, assignments, early returns and captured arrays, for rows of a given type. All of them end: loops
 * count by a variable that nothing else assigns to.
 */
import type { Random } from "../../src/base/random.ts";
import { LambdaWriter, type RandomLambda } from "./random-lambdas.ts";
import { booleanType, numberType, pick, randomRowType, type RowType, stringType } from "./random-rows.ts";

export function randomLoopingLambda(random: Random, parameter: RowType, wildEvery = 0): RandomLambda {
  return new LoopWriter(random, { wildEvery, depth: 3 }).looping(parameter);
}

const kinds = [numberType, numberType, numberType, booleanType, stringType];

class LoopWriter extends LambdaWriter {
  /** Variables that statements here may assign to. */
  private assignable: { readonly text: string; readonly type: RowType }[] = [];
  private loops = 0;
  private depth = 0;

  looping(parameter: RowType): RandomLambda {
    this.capture();
    const pattern = this.pattern(parameter);
    // parameters are variables too
    this.assignable = this.variables.filter(each => /^v\d+$/.test(each.text) && this.chance(3));
    const body = this.block(this.chance(4) ? randomRowType(this.random) : pick(this.random, kinds));
    return { text: `(${pattern}) => ${body}`, captures: this.captures };
  }

  protected override block(type: RowType): string {
    const [variables, assignable] = [this.variables, this.assignable];
    this.variables = [...variables];
    this.assignable = [...assignable];
    this.depth++;
    const statements = Array.from({ length: 1 + this.random.below(4) }, () => this.statement(type));
    const isLast = this.depth === 1 || this.chance(8);
    this.depth--;
    const last = isLast && !this.chance(20) ? ` return ${this.expr(type, 2)};` : "";
    this.variables = variables;
    this.assignable = assignable;
    return `{ ${statements.join(" ")}${last} }`;
  }

  /** Functions assign to nothing outside of themselves. */
  protected override inner(names: Parameters<LambdaWriter["inner"]>[0], write: () => string): string {
    const [assignable, loops] = [this.assignable, this.loops];
    this.assignable = [];
    this.loops = 0;
    const text = super.inner(names, write);
    this.assignable = assignable;
    this.loops = loops;
    return text;
  }

  private statement(type: RowType): string {
    switch (this.random.below(this.depth > 3 || this.loops > 1 ? 6 : 11)) {
      case 0:
      case 1:
        return this.declaration();
      case 2:
      case 3:
      case 4:
        return this.assignment();
      case 5: {
        const leave = this.loops > 0 && this.chance(2) ? pick(this.random, ["break;", "continue;"]) : undefined;
        return `if (${this.expr(booleanType, 1)}) ${leave ?? `return ${this.expr(type, 1)};`}`;
      }
      case 6:
        return `if (${this.expr(booleanType, 2)}) ${this.block(type)}${this.chance(2) ? ` else ${this.block(type)}` : ""}`;
      case 7:
        return this.counting(type);
      case 8:
        return this.goingThrough(type);
      case 9:
        return this.whileLoop(type);
      default: {
        const name = this.fresh();
        const value = this.expr(numberType, 2);
        this.variables.push({ text: name, type: numberType });
        return `const ${name} = ${value};`;
      }
    }
  }

  private declaration(): string {
    const type = this.chance(8) ? randomRowType(this.random, 1) : pick(this.random, kinds);
    const value = this.chance(8) ? pick(this.random, ["undefined", "null"]) : this.expr(type, 2);
    const variable = { text: this.fresh(), type };
    this.variables.push(variable);
    this.assignable.push(variable);
    return `let ${variable.text} = ${value};`;
  }

  private assignment(): string {
    if (this.assignable.length === 0) return this.declaration();
    const { text, type } = pick(this.random, this.assignable);
    if (type.kind === "number" && this.chance(4)) return `${text}${pick(this.random, ["++", "--"])};`;
    const others = this.assignable.filter(each => each.type.kind === type.kind && each.text !== text);
    if (others.length > 0 && this.chance(4)) {
      const other = pick(this.random, others).text;
      return this.chance(2)
        ? `[${text}, ${other}] = [${other}, ${text}];`
        : `${text} = ${other} = ${this.expr(type, 1)};`;
    }
    // strings that double in each round would be all the test does
    if (type.kind === "string")
      return `${text} ${pick(this.random, ["=", "||="])} (${this.chance(2) ? `${text} + ` : ""}${this.expr(type, 2)}).slice(0, 9);`;
    const operator =
      type.kind === "number"
        ? pick(this.random, ["=", "+=", "-=", "*=", "%=", "|=", "??=", "&&=", "||=", "="])
        : pick(this.random, ["=", "=", "||="]);
    return `${text} ${operator} ${this.expr(type, 2)};`;
  }

  private counting(type: RowType): string {
    const i = this.fresh();
    const [from, by] = [this.random.below(4) - 1, 1 + this.random.below(2)];
    const isUp = !this.chance(4);
    const known = 1 + this.random.below(12);
    const bound = this.chance(2) ? String(known) : `Math.min(${known}, ${this.leaf(numberType)})`;
    const update = by === 1 ? `${i}${isUp ? "++" : "--"}` : `${i} ${isUp ? "+" : "-"}= ${by}`;
    const head = isUp
      ? `let ${i} = ${from}; ${i} ${pick(this.random, ["<", "<=", "<"])} ${bound}; ${update}`
      : `let ${i} = ${bound}; ${i} ${pick(this.random, [">", ">="])} ${from}; ${update}`;
    return `for (${head}) ${this.loopBody(type, { text: i, type: numberType })}`;
  }

  private goingThrough(type: RowType): string {
    const of = this.chance(3) ? stringType : numberType;
    const list = this.chance(3) && of === numberType ? "cs" : this.listOf(of, 1);
    const item = this.fresh();
    return `for (${pick(this.random, ["const", "let"])} ${item} of ${list}) ${this.loopBody(type, { text: item, type: of })}`;
  }

  private whileLoop(type: RowType): string {
    const count = this.fresh();
    this.variables.push({ text: count, type: numberType });
    const test = `${count} < ${this.random.below(9)} && ${this.expr(booleanType, 1)}`;
    const body = this.loopBody(type).replace("{", `{ ${count}++;`);
    return `let ${count} = 0; ${this.chance(3) ? `do ${body} while (${test});` : `while (${test}) ${body}`}`;
  }

  private loopBody(type: RowType, variable?: { readonly text: string; readonly type: RowType }): string {
    const outer = this.variables;
    this.variables = variable === undefined ? [...outer] : [...outer, variable];
    this.loops++;
    const body = this.block(type);
    this.loops--;
    this.variables = outer;
    return body;
  }

  protected override number(depth: number): string {
    if (!this.chance(6)) return super.number(depth);
    const index = this.expr(numberType, depth);
    return pick(this.random, [`(cs[${index}] ?? 0)`, `cs[${index}]`, `(rows[${index}]?.[1] ?? 1)`, "cs.length"]);
  }

  private capture(): void {
    const values = Array.from({ length: pick(this.random, [0, 1, 3, 20]) }, () => this.constant(numberType) as number);
    this.captures["cs"] = this.chance(2) ? values : Float64Array.from(values);
    this.captures["rows"] = values.map((value, i) => [value, i]);
  }
}
