/**
 * Amounts as people write them: bytes ("512m", "1g", "64k"), durations ("10s", "5min") and counts, read from
 * configuration and printed in summaries. Parsing gives undefined for what is not an amount; the caller words the error.
 */

const byteUnits: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  kb: 2 ** 10,
  m: 2 ** 20,
  mb: 2 ** 20,
  g: 2 ** 30,
  gb: 2 ** 30,
  t: 2 ** 40,
  tb: 2 ** 40,
};

const durationUnitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Bytes of "64k", "1.5g", "4096"; units are powers of 1024, upper or lower case. */
export function parseBytes(text: string): number | undefined {
  return parseAmount(text, byteUnits);
}

/** Milliseconds of "250ms", "10s", "5min", "2h", "1d"; a unit is required. */
export function parseDurationMs(text: string): number | undefined {
  return parseAmount(text, durationUnitsMs);
}

function parseAmount(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const unit = Object.hasOwn(units, match[2]!) ? units[match[2]!] : undefined;
  if (unit === undefined) return undefined;
  const amount = Math.round(Number(match[1]) * unit);
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/** "0 B", "512 B", "1.5 KiB", "12.0 MiB": for people. */
export function formatBytes(bytes: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let amount = bytes;
  let unit = 0;
  while (amount >= 1023.95 && unit < names.length - 1) {
    amount /= 1024;
    unit++;
  }
  return unit === 0 ? `${amount} B` : `${amount.toFixed(1)} ${names[unit]}`;
}

/** The shortest spelling that `parseBytes` reads back as the same number: "1g", "1536m", "1000". */
export function printBytes(bytes: number): string {
  if (bytes === 0) return "0";
  for (const unit of ["t", "g", "m", "k"]) {
    if (bytes % byteUnits[unit]! === 0) return `${bytes / byteUnits[unit]!}${unit}`;
  }
  return String(bytes);
}

/** The shortest spelling that `parseDurationMs` reads back as the same number: "10s", "5min", "1500ms". */
export function printDuration(ms: number): string {
  if (ms === 0) return "0s";
  for (const unit of ["d", "h", "min", "s"]) {
    if (ms % durationUnitsMs[unit]! === 0) return `${ms / durationUnitsMs[unit]!}${unit}`;
  }
  return `${ms}ms`;
}

/** "4 ms", "0.52 s", "12.3 s", "4 min 05 s", "2 h 03 min": for people. */
export function formatDuration(ms: number): string {
  if (ms < 99.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** 1234567 as "1,234,567", whatever the locale. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}
