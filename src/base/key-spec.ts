/** What a configuration key is: its type, bounds, default and meaning. The keys themselves are in config-keys.ts and cluster-keys.ts. */
import type { MasterUrl } from "./master-url.ts";

/** What a process may use of its host; `platform/resources.ts` finds out. */
export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
}

/** What defaults depend on. */
export interface Surroundings {
  readonly machine: Machine;
  readonly master: MasterUrl;
  /** Another key's value, or its default. */
  readonly get: (key: string) => unknown;
  /** Whether anyone set another key. */
  readonly isSet: (key: string) => boolean;
}

type Default<T> = T | ((around: Surroundings) => T);

interface Described {
  readonly meaning: string;
  /** The default in words, where it depends on the machine or the master. */
  readonly defaultText?: string;
}

/** `bytes` are numbers of bytes, `duration`s milliseconds; `min` and `max` are inclusive and in the same unit. */
export type KeySpec = Described &
  (
    | {
        readonly type: "bytes" | "duration";
        readonly default: Default<number>;
        readonly min: number;
        readonly max: number;
      }
    | { readonly type: "int" | "number"; readonly default: Default<number>; readonly min: number; readonly max: number }
    | { readonly type: "boolean"; readonly default: Default<boolean> }
    | { readonly type: "string"; readonly default: Default<string> }
    | { readonly type: "list"; readonly default: Default<readonly string[]> }
    | { readonly type: "choice"; readonly choices: readonly string[]; readonly default: string }
  );
