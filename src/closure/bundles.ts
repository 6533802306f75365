/**
 * The bundles of this process, by their key: the job's own, and those of files that the runtime imported with the register
 * preload (a test file each), which are made when a job first needs them.
 */
import type { JobBundle } from "./contracts.ts";

type Make = () => Promise<JobBundle>;

const makers = new Map<string, Make>();
const used = new Set<string>();

/** Makes a bundle known under its key, to be made when asked for. */
export function addBundle(key: string, make: Make): void {
  let made: Promise<JobBundle> | undefined;
  makers.set(key, () => (made ??= make().then(bundle => ({ ...bundle, hash: key }))));
}

/** Notes that a captured function lives in a bundle. */
export function useBundle(key: string): void {
  if (key !== "") used.add(key);
}

/** The bundles that captured functions need and that have not been sent. */
export function bundlesFor(_stages: unknown, sent: ReadonlySet<string>): Promise<JobBundle[]> {
  const wanted = [...used].filter(key => !sent.has(key)).flatMap(key => makers.get(key) ?? []);
  return Promise.all(wanted.map(make => make()));
}
