/**
 * Three million US flights of 2001: which airports and hours are late, and which routes are worst. The main job of `npm start`.
 *
 *   firesteel run examples/flights.ts [flights.parquet]
 */
import type { Context } from "firesteel";

interface Flight {
  readonly date: Date;
  readonly delay: number;
  readonly origin: string;
  readonly destination: string;
}

interface Delays {
  readonly flights: number;
  readonly late: number;
  readonly minutes: number;
}

const lateMinutes = 15;
const routeFlightsMin = 500;

export default async function main(ctx: Context, args: string[]): Promise<void> {
  const path = args[0] ?? "node_modules/vega-datasets/data/flights-3m.parquet";
  const flights = ctx
    .parquetFile<Flight>(path, { columns: ["date", "delay", "origin", "destination"] })
    .map(({ date, delay, origin, destination }) => ({ origin, destination, hour: date.getUTCHours(), delay }))
    .cache();
  console.log(`${await flights.count()} flights`);

  const byAirport = flights.map(({ origin, delay }) => [origin, delaysOf(delay)]).reduceByKey(add);
  console.log("\nbusiest airports         flights   late   mean delay");
  for (const [airport, delays] of await byAirport.top(8, (a, b) => a[1].flights - b[1].flights)) print(airport, delays);

  const byHour = flights.map(({ hour, delay }) => [hour, delaysOf(delay)]).reduceByKey(add);
  console.log("\nby hour of departure     flights   late   mean delay");
  for (const [hour, delays] of await byHour.sortByKey().collect()) print(`${String(hour).padStart(2, "0")}:00`, delays);

  const worst = await flights
    .map(({ origin, destination, delay }) => [[origin, destination], delaysOf(delay)])
    .reduceByKey(add)
    .filter(([, { flights }]) => flights >= routeFlightsMin)
    .top(8, (a, b) => mean(a[1]) - mean(b[1]));
  console.log(`\nworst routes (${routeFlightsMin}+)      flights   late   mean delay`);
  for (const [[origin, destination], delays] of worst) print(`${origin} to ${destination}`, delays);
}

function delaysOf(delay: number): Delays {
  return { flights: 1, late: delay > lateMinutes ? 1 : 0, minutes: delay };
}

function add(a: Delays, b: Delays): Delays {
  return { flights: a.flights + b.flights, late: a.late + b.late, minutes: a.minutes + b.minutes };
}

function mean({ flights, minutes }: Delays): number {
  return minutes / flights;
}

function print(name: string, delays: Delays): void {
  const late = `${((100 * delays.late) / delays.flights).toFixed(1)} %`;
  console.log(
    name.padEnd(22) +
      String(delays.flights).padStart(10) +
      late.padStart(8) +
      mean(delays).toFixed(1).padStart(9) +
      " min",
  );
}
