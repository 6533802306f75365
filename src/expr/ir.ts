/**
 * Lambdas as data: what a function of the user's computes, with exactly JavaScript's meaning, as far as it is numbers, booleans,
 * strings, tuples, records and their methods. `closure/lambda.ts` makes it from the function's syntax tree and captures,
 * `interpret.ts` runs it (slowly, for tests), `lower.ts` compiles it for one layout of rows.
 *
 * An expression is not typed: `+` is JavaScript's `+`, whatever it meets. It has no effects but to give up (`giveUp`, or anything
 * the compiler cannot prove): the row's batch is then computed again by the JavaScript function itself.
 */

import type { Table } from "./tables.ts";

/** `line:column`, from 1, of the lambda's file, as the user wrote it. */
export type Place = `${number}:${number}`;

export type Primitive = number | string | boolean | null | undefined;

export type Captured = Primitive | Table;

export interface Lambda {
  /** The user's file, relative to the working directory when below it; undefined when unknown. */
  readonly file: string | undefined;
  /** Parameters are the locals 0 … parameters − 1. May be more or fewer than the operator hands: missing ones are undefined. */
  readonly parameters: number;
  /** All locals: parameters, `const` declarations, pattern variables, parameters of inlined and inner functions. */
  readonly locals: number;
  /** What it captured, read by `capture`: not part of the code, so that a new value needs no new module. */
  readonly captures: readonly Captured[];
  readonly body: Expr;
}

/** A function that has no expression, with the first reason met. */
export interface NoLambda {
  /** `uses a regular expression`, `has a loop`: continues "runs as JavaScript: it …". */
  readonly reason: string;
  readonly file: string | undefined;
  readonly at: Place | undefined;
}

/** What a function's source has become. */
export function isLambda(converted: Lambda | NoLambda | undefined): converted is Lambda {
  return converted !== undefined && "body" in converted;
}

export type Unary = "-" | "+" | "!" | "~" | "typeof";
export type Binary =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "**"
  | "&"
  | "|"
  | "^"
  | "<<"
  | ">>"
  | ">>>"
  | "<"
  | "<="
  | ">"
  | ">="
  | "=="
  | "!="
  | "==="
  | "!==";

/** `at` is there wherever an expression may be the reason for something. */
export type Expr = { readonly at?: Place } & (
  | { readonly op: "constant"; readonly value: Primitive }
  | { readonly op: "local"; readonly local: number }
  | { readonly op: "capture"; readonly capture: number }
  /** `const local = value; body` */
  | { readonly op: "let"; readonly local: number; readonly value: Expr; readonly body: Expr }
  | { readonly op: "unary"; readonly operator: Unary; readonly operand: Expr }
  | { readonly op: "binary"; readonly operator: Binary; readonly left: Expr; readonly right: Expr }
  | { readonly op: "logical"; readonly operator: "&&" | "||" | "??"; readonly left: Expr; readonly right: Expr }
  | { readonly op: "conditional"; readonly test: Expr; readonly then: Expr; readonly otherwise: Expr }
  /** `target.name`; with `optional`, undefined when the target is null or undefined. Longer chains are made of conditionals. */
  | { readonly op: "property"; readonly target: Expr; readonly name: string; readonly optional?: true }
  /** `target[index]` */
  | { readonly op: "element"; readonly target: Expr; readonly index: Expr }
  /** What the pattern `[ , item]` takes from its value, by iteration: of an array, its element (`index` 1); of others, not. */
  | { readonly op: "item"; readonly target: Expr; readonly index: number }
  | { readonly op: "array"; readonly items: readonly Expr[] }
  /** `...of`, among the items of an array only. */
  | { readonly op: "spread"; readonly of: Expr }
  | { readonly op: "object"; readonly entries: readonly ObjectEntry[] }
  /** A function of the language by its global name: `Math.floor`, `Number.isInteger`, `String`. */
  | { readonly op: "call"; readonly callee: string; readonly args: readonly Expr[] }
  /** `target.name(…args)`, of strings, arrays, dates and numbers */
  | { readonly op: "method"; readonly target: Expr; readonly name: string; readonly args: readonly Expr[] }
  /** `target.map(item => body)` and its kind, with a lambda in place: `item` and `index` are locals. */
  | {
      readonly op: "each";
      readonly target: Expr;
      readonly method: "map" | "filter" | "some" | "every" | "reduce";
      readonly item: number;
      readonly index: number | undefined;
      /** reduce: the accumulator's local and first value. */
      readonly accumulator?: { readonly local: number; readonly first: Expr };
      readonly body: Expr;
    }
  /** Reaching this, the row needs JavaScript: a `throw` statement stands here. */
  | { readonly op: "giveUp"; readonly reason: string }
  /** A local that a statement may assign to, as it is now. */
  | { readonly op: "variable"; readonly local: number }
  /** Statements, and the value that they return. */
  | { readonly op: "block"; readonly body: readonly Statement[] }
);

/**
 * A statement. Assignments are statements only, so that nothing changes while an expression is computed; and what a block assigns
 * to are variables of its own or of blocks that it is the last statement of.
 */
export type Statement = { readonly at?: Place } &
  /** `const local = value` */
  (
    | { readonly do: "let"; readonly local: number; readonly value: Expr }
    /** `let local = value`, of a local that is assigned to */
    | { readonly do: "variable"; readonly local: number; readonly value: Expr }
    | { readonly do: "assign"; readonly local: number; readonly value: Expr }
    /** Computed for the errors that it may throw. */
    | { readonly do: "evaluate"; readonly value: Expr }
    | {
        readonly do: "if";
        readonly test: Expr;
        readonly then: readonly Statement[];
        readonly otherwise: readonly Statement[];
      }
    /** `for (init; test; update) body`; `first`: the body runs once before the first test. Labels are unique in a lambda. */
    | {
        readonly do: "loop";
        readonly label: number;
        readonly init: readonly Statement[];
        readonly test: Expr;
        readonly update: readonly Statement[];
        readonly body: readonly Statement[];
        readonly first?: true;
      }
    /** `for (const item of target) body` */
    | {
        readonly do: "forOf";
        readonly label: number;
        readonly item: number;
        readonly target: Expr;
        readonly body: readonly Statement[];
      }
    /** What `leave` goes behind. */
    | { readonly do: "block"; readonly label: number; readonly body: readonly Statement[] }
    /** `break`, out of a loop or block. */
    | { readonly do: "leave"; readonly label: number }
    | { readonly do: "continue"; readonly label: number }
    | { readonly do: "return"; readonly value: Expr }
  );

export type ObjectEntry = { readonly name: string; readonly value: Expr } | { readonly spread: Expr };
