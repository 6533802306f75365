/** A function's text and captured values as the engine reads it: a `Lambda`, or why not. */
import { lambdaOf } from "../../src/closure/lambda.ts";
import { Lines, showPosition } from "../../src/closure/edits.ts";
import { type Binding, Env, type Home } from "../../src/closure/lambda-names.ts";
import { DriverMeanings } from "../../src/closure/lambda-homes.ts";
import { parse } from "../../src/closure/parse.ts";
import { child, list, type Node } from "../../src/closure/ast.ts";
import { type Lambda, type NoLambda, isLambda, type Place } from "../../src/expr/ir.ts";

const meanings = new DriverMeanings(() => {
  throw new Error("only plain values are captured here");
});

/** The lambda of an arrow or function expression; TypeScript is allowed. */
export function readLambda(text: string, captures: Readonly<Record<string, unknown>> = {}): Lambda | NoLambda {
  const lines = new Lines(text);
  const home: Home = {
    file: "job.ts",
    isTransformed: false,
    // in front of the text stands one parenthesis
    place: offset => showPosition(lines, offset - 1) as Place,
    captured: (value, path): Binding => meanings.captured(value, path, home),
    outside: name => (Object.hasOwn(captures, name) ? home.captured(captures[name], name) : undefined),
  };
  const [statement] = list(parse(`(${text})`, "ts"), "body");
  const parsed = child(statement!, "expression")!;
  const node = parsed.type === "ParenthesizedExpression" ? (parsed["expression"] as Node) : parsed;
  return lambdaOf({ node, env: new Env(home, undefined), identity: node });
}

/** The same where nothing else is expected. */
export function mustRead(text: string, captures: Readonly<Record<string, unknown>> = {}): Lambda {
  const lambda = readLambda(text, captures);
  if (!isLambda(lambda)) throw new Error(`${text} ${lambda.reason} at ${lambda.at}`);
  return lambda;
}
