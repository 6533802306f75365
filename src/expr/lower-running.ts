/** A value in locals that change from item to item of a loop, as an accumulator does; its kind does not. */
import type { Code, Local } from "../codegen/code.ts";
import { i32, local } from "../codegen/operations.ts";
import type { Place } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { describeKind, isSameShape } from "./merge.ts";
import { NotNative } from "./not-native.ts";
import type { Value } from "./value.ts";

export class Running {
  constructor(
    private readonly frame: Frame,
    private readonly at: Place | undefined,
    /** Continues "it …": `assigns`. */
    private readonly verb = "reduces to",
  ) {}

  begin(like: Value): Value {
    const { out } = this.frame.lowering;
    switch (like.kind) {
      case "number":
        return { kind: "number", code: local(out.local("f64", "accumulator")) };
      case "date":
        return { kind: "date", code: local(out.local("f64", "accumulator")) };
      case "boolean":
        return { kind: "boolean", code: local(out.local("i32", "accumulator")) };
      case "string": {
        const [start, bytes] = [local(out.local("i32", "accumulator")), local(out.local("i32", "accumulatorBytes"))];
        return { kind: "string", start, bytes, ascii: false };
      }
      case "constant":
        return { kind: "constant", value: like.value };
      case "optional": {
        const present = local(out.local("i32", "accumulated"));
        return { kind: "optional", absent: like.absent, present, item: this.begin(like.item) };
      }
      case "struct":
        return { kind: "struct", shape: like.shape, fields: Array.from(like.fields, field => this.begin(field)) };
      default:
        throw new NotNative(`${this.verb} ${describeKind(like)}`, this.at);
    }
  }

  /** All parts are computed before the first is set: the new ones are made of the old. */
  set(running: Value, next: Value): void {
    const { out } = this.frame.lowering;
    const sets: (readonly [Local, Code])[] = [];
    this.collect(running, next, sets);
    const isMany = sets.length > 1;
    const computed = sets.map(([to, code]) => {
      if (!isMany || code.kind === "constant") return [to, code] as const;
      const kept = out.local(code.type, `next${to.name}`);
      out.set(kept, code);
      return [to, local(kept)] as const;
    });
    for (const [to, code] of computed) out.set(to, code);
  }

  private collect(running: Value, next: Value, sets: (readonly [Local, Code])[]): void {
    const part = (to: Code, code: Code) => {
      if (to.kind === "local") sets.push([to.local, code]);
    };
    if (running.kind === "optional") {
      const isOptional = next.kind === "optional";
      if (next.kind === "constant" ? next.value === running.absent : !isOptional || next.absent === running.absent) {
        part(running.present, next.kind === "constant" ? i32.const(0) : isOptional ? next.present : i32.const(1));
        if (next.kind !== "constant") this.collect(running.item, isOptional ? next.item : next, sets);
        return;
      }
      // null and undefined: one within the other
      if (running.item.kind === "optional") {
        part(running.present, i32.const(1));
        this.collect(running.item, next, sets);
        return;
      }
    } else if (running.kind === "number" && next.kind === "number") return part(running.code, next.code);
    else if (running.kind === "date" && next.kind === "date") return part(running.code, next.code);
    else if (running.kind === "boolean" && next.kind === "boolean") return part(running.code, next.code);
    else if (running.kind === "string" && next.kind === "string") {
      part(running.start, next.start);
      part(running.bytes, next.bytes);
      return;
    } else if (running.kind === "constant" && next.kind === "constant" && running.value === next.value) return;
    else if (running.kind === "struct" && next.kind === "struct" && isSameShape(running.shape, next.shape)) {
      if (running.fields.length === next.fields.length) {
        running.fields.forEach((field, i) => this.collect(field, next.fields[i]!, sets));
        return;
      }
    }
    throw new NotNative(`${this.verb} ${describeKind(running)}, then ${describeKind(next)}`, this.at);
  }
}
