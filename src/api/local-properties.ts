/**
 * Settings of the jobs that one flow of the driver's code starts: Spark's local properties. A Context has one set, which concurrent
 * flows share, as JavaScript has one thread; inside `within` a flow has its own copy, which follows it through its awaits. What a
 * job gets is read when its action is called.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { FiresteelError } from "../base/errors.ts";
import { callSite } from "../closure/stack.ts";
import { preview } from "../operators/row-errors.ts";

export class LocalProperties {
  private readonly common = new Map<string, string>();
  private readonly flow = new AsyncLocalStorage<Map<string, string>>();

  get(key: string): string | undefined {
    return this.current.get(key);
  }

  /** null removes it. */
  set(key: string, value: string | null): void {
    change(this.current, key, value);
  }

  /** All of them now. */
  snapshot(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.current);
  }

  /** `body`, and what it awaits, with properties of its own: those of now, changed as `changes` says. */
  within<R>(changes: Readonly<Record<string, string | null>>, body: () => R): R {
    if (typeof body !== "function" || typeof changes !== "object" || changes === null) {
      throw new FiresteelError("user", "withLocalProperties needs an object of properties, and a function to run", {
        hint: "withLocalProperties({ key: value }, async () => …)",
        at: callSite(),
      });
    }
    const own = new Map(this.current);
    for (const [key, value] of Object.entries(changes)) change(own, key, value);
    return this.flow.run(own, body);
  }

  private get current(): Map<string, string> {
    return this.flow.getStore() ?? this.common;
  }
}

function change(properties: Map<string, string>, key: string, value: string | null): void {
  if (typeof key !== "string")
    throw new FiresteelError("user", `a local property needs a name, but got ${preview(key)}`, {
      hint: "give a string, then its value",
      at: callSite(),
    });
  if (value !== null && typeof value !== "string") {
    throw new FiresteelError("user", `a local property is a string, but ${preview(key)} was given ${preview(value)}`, {
      hint: "give String(value), or null to remove it",
      at: callSite(),
    });
  }
  if (value === null) properties.delete(key);
  else properties.set(key, value);
}
