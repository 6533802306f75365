/** What strings that somebody keeps hold on to: measured, since only the runtime knows. */
import { expect, test } from "bun:test";
import { measuredAlone } from "../alone.ts";

test("strings that are read to be kept keep no others alive, whatever rows they are in", () => {
  const batches = 40;
  const measured = measuredAlone<{ name: string; cut: number; kept: number }[]>(
    "test/data/kept-texts.ts",
    String(batches),
  );
  expect(measured).toHaveLength(3);
  for (const { name, cut, kept } of measured) {
    // 40 kB of text a batch, at least
    expect({ name, isCutFromAll: cut > batches * 20_000 }).toEqual({ name, isCutFromAll: true });
    expect({ name, isKeptAlone: kept < cut / 4 }).toEqual({ name, isKeptAlone: true });
  }
});
