/**
 * What a description of scheduling pools says: JSON, or the XML that Spark's allocation files are. Strict: a name, key or value that
 * would silently do nothing is refused. Reads text; files are the caller's.
 */
import { nearest } from "../base/nearest.ts";
import { UsageError } from "../base/usage-error.ts";
import { defaultShare, type PoolShare, type SchedulingMode } from "./pools.ts";

/** `from` says where the text is from, for errors. */
export function parsePoolShares(text: string, from: string): Map<string, PoolShare> {
  return text.trimStart().startsWith("<") ? fromXml(text, from) : fromJson(text, from);
}

const form = 'write {"name": {"weight": 2, "minShare": 1, "mode": "FAIR"}}; each of the three may be left out';

function fromJson(text: string, from: string): Map<string, PoolShare> {
  let pools: unknown;
  try {
    pools = JSON.parse(text);
  } catch (thrown) {
    throw new UsageError(`${from} is not JSON: ${(thrown as Error).message}`, { hint: form });
  }
  if (!isObject(pools)) throw new UsageError(`${from} is not an object of pools`, { hint: form });
  return new Map(
    Object.entries(pools).map(([name, pool]) => {
      if (!isObject(pool)) throw new UsageError(`pool "${name}" in ${from} is not an object`, { hint: form });
      return [name, shareOf(name, pool, from)];
    }),
  );
}

/** Spark's names of ours. */
const xmlNames = new Map([["schedulingMode", "mode"]]);

/** `<allocations><pool name="a"><weight>2</weight>…</pool>…</allocations>`: no more of XML is in use there. */
function fromXml(text: string, from: string): Map<string, PoolShare> {
  const plain = text.replace(/<\?[^]*?\?>|<!--[^]*?-->/g, "").trim();
  const body =
    /^<allocations\s*>([^]*)<\/allocations\s*>$/.exec(plain)?.[1] ?? (/^<allocations\s*\/>$/.test(plain) && "");
  const refuse = (what: string) => {
    throw new UsageError(`${from} is not a description of pools: ${what}`, {
      hint: 'write <allocations><pool name="a"><weight>2</weight></pool></allocations>, or JSON',
    });
  };
  if (typeof body !== "string") return refuse("its root is not <allocations>");
  const pools = new Map<string, PoolShare>();
  const rest = body.replace(
    /<pool\s+name\s*=\s*(?:"([^"<]*)"|'([^'<]*)')\s*(?:\/>|>([^]*?)<\/pool\s*>)/g,
    (_, a, b, inner) => {
      const name = unescaped(String(a ?? b));
      const pool: Record<string, unknown> = {};
      const left = String(inner ?? "").replace(/<(\w+)\s*>([^<]*)<\/\1\s*>/g, (_, tag: string, value: string) => {
        const key = xmlNames.get(tag) ?? tag;
        pool[key] = key === "mode" ? value.trim().toUpperCase() : Number(value.trim() || Number.NaN);
        return "";
      });
      if (left.trim() !== "") refuse(`pool "${name}" has ${JSON.stringify(left.trim().slice(0, 60))}`);
      pools.set(name, shareOf(name, pool, from));
      return "";
    },
  );
  return rest.trim() === "" ? pools : refuse(`it has ${JSON.stringify(rest.trim().slice(0, 60))}`);
}

function shareOf(name: string, pool: Readonly<Record<string, unknown>>, from: string): PoolShare {
  const { weight = defaultShare.weight, minShare = defaultShare.minShare, mode = "FIFO", ...others } = pool;
  const refuse = (what: string, hint: string = form): never => {
    throw new UsageError(`pool "${name}" in ${from} has ${what}`, { hint });
  };
  const [other] = Object.keys(others);
  if (other !== undefined) {
    const near = nearest(other, ["weight", "minShare", "mode"]);
    return refuse(`no "${other}"`, near === undefined ? form : `did you mean ${near}?`);
  }
  if (typeof weight !== "number" || !(weight > 0) || !Number.isFinite(weight))
    return refuse(`the weight ${JSON.stringify(weight)}, which is not a number above 0`);
  if (!Number.isSafeInteger(minShare) || (minShare as number) < 0)
    return refuse(`the minShare ${JSON.stringify(minShare)}, which is not a whole number of cores`);
  if (mode !== "FIFO" && mode !== "FAIR") return refuse(`the mode ${JSON.stringify(mode)}, which is not FIFO or FAIR`);
  return { weight, minShare: minShare as number, mode: mode.toLowerCase() as SchedulingMode };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => entities[name]!);
}
