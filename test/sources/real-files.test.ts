/** Files of vega-datasets 3.2.1, against what DuckDB 2.0.0 reads in them. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { planCsv } from "../../src/sources/csv-plan.ts";
import type { Scan } from "../../src/sources/contracts.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { planJson } from "../../src/sources/json-plan.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { allRows, testEnv } from "./fixture.ts";

const files = (name: string) =>
  resolvePaths([join(import.meta.dirname, "../../node_modules/vega-datasets/data", name)]);

async function rowsOf<T>(scan: Scan): Promise<T[]> {
  const parts = await Promise.all(scan.splits.map(split => allRows(openSplit(scan.format, split, testEnv()))));
  return parts.flat() as T[];
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

test("airports: quoted fields among plain ones", async () => {
  type Airport = { name: string; city: string; latitude: number };
  const rows = await rowsOf<Airport>(planCsv(files("airports.csv"), 3));
  expect(rows.length).toBe(3376);
  expect(sum(rows.map(row => row.name.length))).toBe(54_364);
  expect(new Set(rows.map(row => row.city)).size).toBe(2675);
  expect(sum(rows.map(row => row.latitude))).toBeCloseTo(135163.3037597697, 6);
});

test("zip codes: leading zeros stay", async () => {
  type Place = { zip_code: string; latitude: number; county: string };
  const rows = await rowsOf<Place>(planCsv(files("zipcodes.csv"), 4));
  expect(rows.length).toBe(42_049);
  expect(rows.map(row => row.zip_code).sort()[0]).toBe("00501");
  expect(sum(rows.map(row => row.latitude))).toBeCloseTo(1618853.6456849738, 4);
});

test("flights: one array of 20,000 objects", async () => {
  type Flight = { delay: number; distance: number; origin: string };
  const rows = await rowsOf<Flight>(planJson(files("flights-20k.json"), 4));
  expect(rows.length).toBe(20_000);
  expect(sum(rows.map(row => row.delay))).toBe(154_078);
  expect(sum(rows.map(row => row.distance))).toBe(14_476_934);
  expect(new Set(rows.map(row => row.origin)).size).toBe(220);
});
