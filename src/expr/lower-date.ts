/** Methods of dates that know nothing of time zones. Years, months and days after Howard Hinnant's "chrono-compatible date algorithms". */
import type { F64, I32 } from "../codegen/code.ts";
import { f64, i32 } from "../codegen/operations.ts";
import type { Place } from "./ir.ts";
import type { Frame } from "./lowering.ts";
import { keepNumber } from "./lower-number.ts";
import { NotNative } from "./not-native.ts";
import type { Value, ValueOf } from "./value.ts";

const dayMs = 86_400_000;
const eraDays = 146_097;
/** Eras of 400 years before the year 0 that keep all days of all dates above 0. */
const erasBefore = 700;

export function lowerDateMethod({ code }: ValueOf<"date">, name: string, frame: Frame, at: Place | undefined): Value {
  const make = methods.get(name);
  if (make === undefined) throw new NotNative(`calls ${name} of a date`, at);
  const ms = keepNumber(code, frame, "ms");
  return { kind: "number", code: make(ms, frame) };
}

/** Invalid dates are NaN, and so is all that is computed of them in f64. */
const methods = new Map<string, (ms: F64, frame: Frame) => F64>([
  ["getTime", ms => ms],
  ["valueOf", ms => ms],
  ["getUTCMilliseconds", (ms, frame) => within(ms, 1, 1000, frame)],
  ["getUTCSeconds", (ms, frame) => within(ms, 1000, 60, frame)],
  ["getUTCMinutes", (ms, frame) => within(ms, 60_000, 60, frame)],
  ["getUTCHours", (ms, frame) => within(ms, 3_600_000, 24, frame)],
  // 1970 began on a Thursday
  ["getUTCDay", (ms, frame) => within(f64.add(ms, f64.const(4 * dayMs)), dayMs, 7, frame)],
  ["getUTCDate", (ms, frame) => ofValid(ms, civil(ms, frame).day)],
  ["getUTCMonth", (ms, frame) => ofValid(ms, civil(ms, frame).month)],
  ["getUTCFullYear", (ms, frame) => ofValid(ms, civil(ms, frame).year)],
]);

/** Units since 1970, of which `count` make the next. Times are whole and below 2^53, so that the floors are exact. */
function within(ms: F64, unitMs: number, count: number, frame: Frame): F64 {
  const units = keepNumber(f64.floor(f64.div(ms, f64.const(unitMs))), frame, "units");
  const whole = f64.mul(f64.floor(f64.div(units, f64.const(count))), f64.const(count));
  return f64.sub(units, whole);
}

function ofValid(ms: F64, part: I32): F64 {
  return f64.select(f64.convert_i32_s(part), f64.const(NaN), f64.eq(ms, ms));
}

/** Of the proleptic Gregorian calendar; years that begin in March, so that a leap day is their last. */
function civil(ms: F64, frame: Frame): { readonly year: I32; readonly month: I32; readonly day: I32 } {
  const { out } = frame.lowering;
  const keep = (code: I32, name: string) => out.keep(code, name);
  const div = (a: I32, b: number) => i32.div_u(a, i32.const(b));
  const times = (a: I32, b: number) => i32.mul(a, i32.const(b));
  const dayNumber = i32.trunc_sat_f64_s(f64.floor(f64.div(ms, f64.const(dayMs))));
  const shifted = keep(i32.add(dayNumber, i32.const(719_468 + erasBefore * eraDays)), "days");
  const era = keep(div(shifted, eraDays), "era");
  const dayOfEra = keep(i32.sub(shifted, times(era, eraDays)), "dayOfEra");
  const leapDays = i32.sub(
    i32.add(i32.sub(dayOfEra, div(dayOfEra, 1460)), div(dayOfEra, 36_524)),
    div(dayOfEra, 146_096),
  );
  const yearOfEra = keep(div(leapDays, 365), "yearOfEra");
  const daysBefore = i32.sub(i32.add(times(yearOfEra, 365), div(yearOfEra, 4)), div(yearOfEra, 100));
  const dayOfYear = keep(i32.sub(dayOfEra, daysBefore), "dayOfYear");
  const fromMarch = keep(div(i32.add(times(dayOfYear, 5), i32.const(2)), 153), "fromMarch");
  const isLate = keep(i32.ge_u(fromMarch, i32.const(10)), "isLate");
  const monthStart = div(i32.add(times(fromMarch, 153), i32.const(2)), 5);
  const yearFromMarch = i32.add(yearOfEra, i32.sub(times(era, 400), i32.const(erasBefore * 400)));
  return {
    year: i32.add(yearFromMarch, isLate),
    // March is 2
    month: i32.sub(i32.add(fromMarch, i32.const(2)), times(isLate, 12)),
    day: i32.add(i32.sub(dayOfYear, monthStart), i32.const(1)),
  };
}
