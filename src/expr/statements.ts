/** Statements of lambdas as data to look through: which expressions and statements are in one, what is assigned, how much it is. */
import type { Expr, Statement } from "./ir.ts";

/** The expressions that a statement computes, those of statements within it left out. */
export function expressionsIn(statement: Statement): readonly Expr[] {
  switch (statement.do) {
    case "let":
    case "variable":
    case "assign":
    case "evaluate":
    case "return":
      return [statement.value];
    case "if":
    case "loop":
      return [statement.test];
    case "forOf":
      return [statement.target];
    default:
      return [];
  }
}

export function statementsIn(statement: Statement): readonly Statement[] {
  switch (statement.do) {
    case "if":
      return [...statement.then, ...statement.otherwise];
    case "loop":
      return [...statement.init, ...statement.body, ...statement.update];
    case "forOf":
    case "block":
      return statement.body;
    default:
      return [];
  }
}

/** Statements with those in them, in no order; not those of blocks that are expressions. */
export function* allStatements(statements: readonly Statement[]): Iterable<Statement> {
  const waiting = [...statements];
  for (let statement = waiting.pop(); statement !== undefined; statement = waiting.pop()) {
    yield statement;
    waiting.push(...statementsIn(statement));
  }
}

/** All expressions of statements, nested ones of statements included. */
export function expressionsOf(statements: readonly Statement[]): readonly Expr[] {
  return [...allStatements(statements)].flatMap(expressionsIn);
}
