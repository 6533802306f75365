/** Expressions as readable text, much as one would write them: `(x0) => x0.price * c0`. Locals are `x`, captures `c`. */
import { assertNever } from "../base/assert.ts";
import type { Expr, Lambda, ObjectEntry, Primitive, Statement } from "./ir.ts";

export function printLambda(lambda: Lambda): string {
  const parameters = Array.from({ length: lambda.parameters }, (_, at) => `x${at}`);
  return `(${parameters.join(", ")}) => ${printExpr(lambda.body)}`;
}

export function printExpr(expr: Expr): string {
  switch (expr.op) {
    case "constant":
      return primitive(expr.value);
    case "local":
      return `x${expr.local}`;
    case "capture":
      return `c${expr.capture}`;
    case "let":
      return `let x${expr.local} = ${printExpr(expr.value)}; ${printExpr(expr.body)}`;
    case "unary":
      return `${expr.operator}${expr.operator === "typeof" ? " " : ""}${operand(expr.operand)}`;
    case "binary":
    case "logical":
      return `${operand(expr.left)} ${expr.operator} ${operand(expr.right)}`;
    case "conditional":
      return `${operand(expr.test)} ? ${operand(expr.then)} : ${operand(expr.otherwise)}`;
    case "property":
      return `${expr.target.op === "property" ? chained(expr.target, expr.optional === true) : operand(expr.target)}${expr.optional === true ? "?." : "."}${expr.name}`;
    case "element":
      return `${operand(expr.target)}[${printExpr(expr.index)}]`;
    case "item":
      return `item ${expr.index} of ${operand(expr.target)}`;
    case "array":
      return `[${all(expr.items)}]`;
    case "spread":
      return `...${operand(expr.of)}`;
    case "object":
      return expr.entries.length === 0 ? "{}" : `{ ${expr.entries.map(entry).join(", ")} }`;
    case "call":
      return `${expr.callee}(${all(expr.args)})`;
    case "method":
      return `${operand(expr.target)}.${expr.name}(${all(expr.args)})`;
    case "each":
      return each(expr);
    case "giveUp":
      return `give up: ${expr.reason}`;
    case "variable":
      return `v${expr.local}`;
    case "block":
      return `{ ${steps(expr.body)} }`;
    default:
      return assertNever(expr);
  }
}

function steps(all: readonly Statement[]): string {
  return all.map(step).join(" ");
}

function step(each: Statement): string {
  switch (each.do) {
    case "let":
      return `const x${each.local} = ${printExpr(each.value)};`;
    case "variable":
      return `let v${each.local} = ${printExpr(each.value)};`;
    case "assign":
      return `v${each.local} = ${printExpr(each.value)};`;
    case "evaluate":
      return `${printExpr(each.value)};`;
    case "if": {
      const otherwise = each.otherwise.length === 0 ? "" : ` else { ${steps(each.otherwise)} }`;
      return `if (${printExpr(each.test)}) { ${steps(each.then)} }${otherwise}`;
    }
    case "loop":
      return `L${each.label}: ${loop(each)}`;
    case "forOf":
      return `L${each.label}: for (const x${each.item} of ${printExpr(each.target)}) { ${steps(each.body)} }`;
    case "block":
      return `L${each.label}: { ${steps(each.body)} }`;
    case "leave":
      return `break L${each.label};`;
    case "continue":
      return `continue L${each.label};`;
    case "return":
      return `return ${printExpr(each.value)};`;
    default:
      return assertNever(each);
  }
}

function loop({ init, test, update, body, first }: Extract<Statement, { do: "loop" }>): string {
  const parts = [init, update].map(part => steps(part).replace(/;$/, ""));
  const head = `${parts[0]}; ${printExpr(test)}; ${parts[1]}`;
  return first === true ? `do { ${steps(body)} } (${head})` : `for (${head}) { ${steps(body)} }`;
}

/** `(a?.b).c`, which is not `a?.b.c`. */
function chained(target: Extract<Expr, { op: "property" }>, goesOn: boolean): string {
  return target.optional === true && !goesOn ? `(${printExpr(target)})` : printExpr(target);
}

function each({ target, method, item, index, accumulator, body }: Extract<Expr, { op: "each" }>): string {
  const names = [accumulator?.local, item, index].flatMap(local => (local === undefined ? [] : [`x${local}`]));
  const first = accumulator === undefined ? "" : `, ${printExpr(accumulator.first)}`;
  return `${operand(target)}.${method}((${names.join(", ")}) => ${operand(body)}${first})`;
}

function entry(each: ObjectEntry): string {
  return "spread" in each ? `...${operand(each.spread)}` : `${each.name}: ${printExpr(each.value)}`;
}

function all(exprs: readonly Expr[]): string {
  return exprs.map(printExpr).join(", ");
}

/** In parentheses where it would read otherwise. */
function operand(expr: Expr): string {
  const isOpen = /^(?:let|unary|binary|logical|conditional|item|giveUp)$/.test(expr.op);
  return isOpen ? `(${printExpr(expr)})` : printExpr(expr);
}

function primitive(value: Primitive): string {
  if (typeof value === "string") return JSON.stringify(value);
  return Object.is(value, -0) ? "-0" : String(value);
}
