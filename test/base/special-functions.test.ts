/** Known values, from tables. */
import { expect, test } from "bun:test";
import {
  countQuantile,
  logChoose,
  logGamma,
  lowerBeta,
  lowerGamma,
  normalQuantile,
  studentQuantile,
} from "../../src/base/special-functions.ts";

test("log Γ and binomial coefficients", () => {
  expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 11);
  expect(logGamma(1)).toBeCloseTo(0, 11);
  expect(logGamma(11)).toBeCloseTo(Math.log(3628800), 11);
  expect(logGamma(1e6)).toBeCloseTo(12815504.569147611, 5);
  expect(Math.exp(logChoose(52, 5))).toBeCloseTo(2598960, 3);
});

test("areas below the gamma and beta curves", () => {
  expect(lowerGamma(1, 2)).toBeCloseTo(1 - Math.exp(-2), 12);
  expect(lowerGamma(3, 2.5)).toBeCloseTo(0.4561868841166623, 12);
  expect(lowerGamma(1e5, 1e5)).toBeCloseTo(0.5004205221, 8);
  expect(lowerGamma(2, 0)).toBe(0);
  expect(lowerBeta(0.3, 2, 5)).toBeCloseTo(0.579825, 12);
  expect(lowerBeta(0.9, 2, 5)).toBeCloseTo(0.999945, 12);
  expect(lowerBeta(0.5, 1000, 1000)).toBeCloseTo(0.5, 10);
  expect([lowerBeta(0, 1, 1), lowerBeta(1, 1, 1)]).toEqual([0, 1]);
});

test("quantiles", () => {
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 10);
  expect(normalQuantile(0.005)).toBeCloseTo(-2.5758293035489, 10);
  expect(studentQuantile(0.975, 1)).toBeCloseTo(12.706204736, 8);
  expect(studentQuantile(0.975, 10)).toBeCloseTo(2.228138852, 8);
  expect(studentQuantile(0.05, 100)).toBeCloseTo(-1.660234326, 8);
  expect(studentQuantile(0.9999999, 1)).toBeCloseTo(3183098.86, 0);
  // dice thrown once: 1 … 6
  expect(countQuantile(0.5, 1, count => count / 6)).toBe(3);
  expect(countQuantile(0.51, 1000, count => count / 6)).toBe(4);
  expect(countQuantile(0, 1, () => 1)).toBe(0);
});
