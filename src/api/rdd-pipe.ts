/** Rows through other programs: a command for each partition gets rows as lines and gives rows as lines. */
import { FiresteelError } from "../base/errors.ts";
import { preview } from "../operators/row-errors.ts";
import type { PipePlan } from "../plan/nodes.ts";
import type { Call } from "./partitioning.ts";
import { RddTree } from "./rdd-tree.ts";
import type { Rdd } from "./rdd.ts";

/** What `pipe` takes besides the command. */
export interface PipeOptions {
  /** Variables beside those of the executor's process, or instead of them. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder that the command runs in, where executors run; the executor's own when left out. */
  readonly cwd?: string;
  /** Of the lines in both directions: "utf-8" when left out. */
  readonly encoding?: "utf-8" | "latin1" | "utf-16le";
}

const encodings = { "utf-8": "utf8", latin1: "latin1", "utf-16le": "utf16le" } as const;

export abstract class RddPipe<T> extends RddTree<T> {
  /**
   * The lines that a command writes when it reads the rows as lines. Each partition has a process of its own, where its task runs.
   * Strings are written as they are, other rows as `saveAsTextFile` writes them. A command in one string is cut at white space, without
   * regard to quotes: give an array for arguments that have some, and `["sh", "-c", "…"]` for pipes. Lines end at LF or CRLF.
   * What the command says on its standard error goes to the executor's. An exit code other than 0 fails the task.
   * @cost narrow: a process a partition
   * @memory some 64 KB in each direction, and the rows of one chunk; neither side runs ahead of the other
   * @throws when the command is empty or an option is not what it should be; in the job, when the command is not found or fails
   * @example
   * ```ts
   * await ctx.parallelize(["b", "a"], 1).pipe("sort").collect() // => ["a", "b"]
   * ```
   */
  pipe(command: string | readonly string[], options: PipeOptions = {}): Rdd<string> {
    const node = this.node("pipe");
    const { env = {}, cwd, encoding = "utf-8" } = options;
    checkOptions(options, node);
    const plan: PipePlan = {
      ...node,
      op: "pipe",
      parent: this.plan,
      command: checkedCommand(command, node),
      env: { ...env },
      cwd,
      encoding: encodings[encoding],
    };
    return this.make(plan);
  }
}

function checkedCommand(command: unknown, { at }: Call): string[] {
  const parts: unknown[] =
    typeof command === "string" ? command.split(/\s+/).filter(part => part !== "") : [command].flat();
  const bad = parts.findIndex(part => typeof part !== "string" || part.includes("\0"));
  if (parts.length > 0 && parts[0] !== "" && bad < 0) return parts as string[];
  const why = bad < 0 ? "it is empty" : `part ${bad} is ${preview(parts[bad])}`;
  throw new FiresteelError("user", `pipe needs a command, but ${why}`, {
    hint: 'give "grep -v x", or ["grep", "-v", "x y"]',
    at,
  });
}

function checkOptions({ env, cwd, encoding }: { readonly [Name in keyof PipeOptions]: unknown }, { at }: Call): void {
  const refuse = (what: string, value: unknown, hint?: string) => {
    throw new FiresteelError("user", `pipe needs ${what}, but got ${preview(value)}`, { hint, at });
  };
  if (encoding !== undefined && !Object.hasOwn(encodings, encoding as string))
    refuse("an encoding that is utf-8, latin1 or utf-16le", encoding);
  if (cwd !== undefined && (typeof cwd !== "string" || cwd === "")) refuse("a folder as cwd", cwd);
  if (env !== undefined && (typeof env !== "object" || env === null)) refuse("an object of variables as env", env);
  for (const [key, value] of Object.entries((env ?? {}) as object)) {
    if (typeof value === "string" && !value.includes("\0") && key !== "" && !/[=\0]/.test(key)) continue;
    refuse(`variables that are strings in env`, value, `${preview(key)} has it`);
  }
}
