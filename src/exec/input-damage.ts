/**
 * Damage in input files that a job lives with: bytes that are not UTF-8 and were replaced, records left out on request. Counted by
 * the attempts that count, told once per file, and again only when a later stage has found more.
 */
import { formatCount } from "../base/quantity.ts";
import type { StageId } from "../base/ids.ts";

export type Damage = "invalidUtf8" | "rowsDropped";

export interface InputDamage {
  readonly path: string;
  readonly damage: Damage;
  readonly amount: number;
}

export class DamageBook {
  private readonly open = new Map<StageId, Map<string, InputDamage>>();
  private readonly told = new Map<string, number>();

  add(stage: StageId, found: readonly InputDamage[]): void {
    if (found.length === 0) return;
    const sums = this.open.get(stage) ?? new Map<string, InputDamage>();
    this.open.set(stage, sums);
    for (const { path, damage, amount } of found) {
      const key = `${damage} ${path}`;
      sums.set(key, { path, damage, amount: amount + (sums.get(key)?.amount ?? 0) });
    }
  }

  /** What to tell the user now. */
  stageEnded(stage: StageId): string[] {
    const sums = [...(this.open.get(stage) ?? [])];
    this.open.delete(stage);
    const news = sums.filter(([key, { amount }]) => amount > (this.told.get(key) ?? 0));
    for (const [key, { amount }] of news) this.told.set(key, amount);
    return news.map(([, found]) => messageOf(found)).sort();
  }
}

function messageOf({ path, damage, amount }: InputDamage): string {
  const count = formatCount(amount);
  switch (damage) {
    case "invalidUtf8":
      return `${path}: ${count} ${amount === 1 ? "byte sequence is not UTF-8 and was" : "byte sequences are not UTF-8 and were"} replaced by U+FFFD`;
    case "rowsDropped":
      return `${path}: ${count} malformed ${amount === 1 ? "record was" : "records were"} left out (mode "drop")`;
  }
}
