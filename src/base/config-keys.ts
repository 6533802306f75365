/**
 * The registry of configuration keys: the one place where a key gets its type, default and meaning. `firesteel help config`
 * prints it. A key is set by code, `--conf`, the environment or a file; see config.ts for who wins.
 */
import { clusterKeys } from "./cluster-keys.ts";
import { deployKeys } from "./deploy-keys.ts";
import { sourceKeys } from "./source-keys.ts";
import { uiKeys } from "./ui-keys.ts";
import type { KeySpec, Surroundings } from "./key-spec.ts";

export type { KeySpec, Machine, Surroundings } from "./key-spec.ts";

const k = 2 ** 10;
const m = 2 ** 20;
const g = 2 ** 30;
const second = 1000;
const day = 86_400_000;
/** One WebAssembly memory, less its last page, so that one past the end is still an address. */
const engineMemoryBytesMax = 4 * g - 64 * k;

export const configKeys = {
  "firesteel.master": {
    type: "string",
    default: "local[*]",
    meaning:
      "Where the job runs: local, local[K], local[K,F], local[*], local[*,F], local-cluster[W,C,M], firesteel://host:port[,host:port…].",
  },
  "firesteel.app.name": {
    type: "string",
    default: "",
    defaultText: "the job file's name",
    meaning: "What the application is called in progress, summaries and logs.",
  },
  "firesteel.app.entry": {
    type: "string",
    default: "default",
    meaning: "Which export of the job file is called with the Context and the arguments.",
  },
  "firesteel.executor.memory": {
    type: "bytes",
    min: 16 * m,
    max: 4 * g,
    default: executorMemoryBytes,
    defaultText: "local: half of the memory, at most 4g; local-cluster: its M; a cluster: 1g",
    meaning: "Engine memory of one executor process, and of local mode: batches, hash tables, sorts, cached blocks.",
  },
  "firesteel.memory.storageFraction": {
    type: "number",
    min: 0,
    max: 1,
    default: 0.5,
    meaning: "The part of engine memory down to which execution may evict cached blocks.",
  },
  "firesteel.memory.grantTimeout": {
    type: "duration",
    min: 0,
    max: day,
    default: 60 * second,
    meaning: "How long a task waits for engine memory that other tasks hold before it fails.",
  },
  "firesteel.codegen": {
    type: "boolean",
    default: true,
    meaning:
      "Whether functions whose code is understood run as generated WASM. Answers are the same; false shows what it is worth.",
  },
  "firesteel.codegen.rowsMin": {
    type: "int",
    min: 0,
    max: 1_000_000_000,
    default: 1000,
    meaning: "How many rows a task reads before code is generated for it: for fewer JavaScript is done sooner.",
  },
  "firesteel.task.heapLimit": {
    type: "bytes",
    min: 16 * m,
    max: 1024 * g,
    default: around => Math.max(16 * m, wholePages(Math.min(g, around.machine.memoryBytes / 2 / taskThreads(around)))),
    defaultText: "1g, or a thread's share of half of the memory when that is less",
    meaning:
      "Soft limit of one task thread's JavaScript heap. A task above it fails, before the runtime ends the process.",
  },
  "firesteel.executor.idleMemoryDelay": {
    type: "duration",
    min: 0,
    max: day,
    default: 60 * second,
    meaning:
      "How long after its last task an executor, or local mode, gives compiled code and garbage back to the system; the next job compiles anew. 0: never.",
  },
  "firesteel.task.maxFailures": {
    type: "int",
    min: 1,
    max: 1000,
    default: around => (around.master.kind === "local" ? around.master.taskFailuresMax : 4),
    defaultText: "4; in local mode the F of local[K,F], else 1",
    meaning: "How many failures of one task fail its job. What bad input fails is not tried again.",
  },
  "firesteel.stage.maxConsecutiveAttempts": {
    type: "int",
    min: 1,
    max: 1000,
    default: 4,
    meaning: "How many attempts in a row a stage gets when its input keeps getting lost.",
  },
  "firesteel.default.parallelism": {
    type: "int",
    min: 1,
    max: 1_000_000,
    default: taskThreads,
    defaultText: "the number of task threads; with a master elsewhere, the cores of the driver's machine",
    meaning: "Partitions of parallelize, range and shuffles where the job names no number and no parent gives one.",
  },
  "firesteel.driver.maxResultSize": {
    type: "bytes",
    min: 0,
    max: 1024 * g,
    default: g,
    meaning: "Most bytes that one action brings to the driver; 0 for no limit.",
  },
  "firesteel.text.maxLineBytes": {
    type: "bytes",
    min: k,
    max: g,
    default: 256 * m,
    meaning: "Longest line of a text file; a longer one is an error with file and offset.",
  },
  "firesteel.files.maxFileBytes": {
    type: "bytes",
    min: k,
    max: g,
    default: 256 * m,
    meaning: "Largest file that is one row of wholeTextFiles or binaryFiles, decompressed; a larger one is an error.",
  },
  "firesteel.files.maxPartitionBytes": {
    type: "bytes",
    min: 64 * k,
    max: 4 * g,
    default: 32 * m,
    meaning: "Most bytes of a splittable local file that one partition reads; remote files have blocks of their own.",
  },
  "firesteel.local.dirs": {
    type: "list",
    default: [],
    defaultText: "the system's temporary folder",
    meaning: "Folders for spills and shuffle files, comma-separated; use spreads over them.",
  },
  "firesteel.io.encryption": {
    type: "boolean",
    default: false,
    meaning:
      "Whether what goes to local dirs (spills, shuffle files, cached blocks, blobs) is encrypted, AES-256-GCM with a random key of the application that is never written. Pages in memory and connections are not. Sorting 6 M rows in 64 MB, all of them spilled, takes 15 % more processor time with it.",
  },
  "firesteel.shuffle.compress": {
    type: "choice",
    choices: ["auto", "true", "false"],
    default: "auto",
    meaning:
      "Whether shuffle and spill files, and what goes to other hosts, are compressed: true, false, or auto, where it takes less time or room is short.",
  },
  "firesteel.shuffle.codec": {
    type: "choice",
    choices: ["lz4", "zstd"],
    default: "lz4",
    meaning: "Codec of shuffle and spill files.",
  },
  "firesteel.worker.cleanup.enabled": {
    type: "boolean",
    default: true,
    meaning: "Whether a worker removes the work directories of applications and drivers that ended a while ago.",
  },
  "firesteel.worker.cleanup.interval": {
    type: "duration",
    min: second,
    max: 365 * day,
    default: 1800 * second,
    meaning: "How often a worker looks for work directories to remove.",
  },
  "firesteel.worker.cleanup.appDataTtl": {
    type: "duration",
    min: 0,
    max: 3650 * day,
    default: 7 * day,
    meaning: "How long a worker keeps what an ended application or driver left in its work directory, logs included.",
  },
  "firesteel.executor.logs.rolling.maxSize": {
    type: "bytes",
    min: 4 * k,
    max: 4 * g,
    default: 16 * m,
    meaning: "Size at which a worker begins a new file for the output of an executor or driver.",
  },
  "firesteel.executor.logs.rolling.maxRetainedFiles": {
    type: "int",
    min: 2,
    max: 1000,
    default: 4,
    meaning: "How many such files a worker keeps of each output, the newest ones, the one being written among them.",
  },
  ...clusterKeys,
  ...uiKeys,
  ...deployKeys,
  ...sourceKeys,
  "firesteel.ui.progress": {
    type: "choice",
    choices: ["auto", "bar", "lines", "none"],
    default: "auto",
    meaning: "Progress on stderr: bars, lines for long stages, or nothing; auto is bars on a terminal, else lines.",
  },
  "firesteel.log.level": {
    type: "choice",
    choices: ["error", "warn", "info", "debug"],
    default: "warn",
    meaning:
      "What the engine writes to stderr beside progress and summary; with error no warnings. ctx.setLogLevel changes it.",
  },
} as const satisfies Readonly<Record<string, KeySpec>>;

export type ConfigKey = keyof typeof configKeys;

/** The type of a key's value. */
export type ConfigValue<K extends ConfigKey> = (typeof configKeys)[K] extends { readonly type: infer T }
  ? T extends "boolean"
    ? boolean
    : T extends "string"
      ? string
      : T extends "list"
        ? readonly string[]
        : T extends "choice"
          ? ChoiceOf<(typeof configKeys)[K]>
          : number
  : never;

type ChoiceOf<Spec> = Spec extends { readonly choices: readonly (infer Choice)[] } ? Choice : never;

export function isConfigKey(key: string): key is ConfigKey {
  return Object.hasOwn(configKeys, key);
}

/** firesteel.driver.maxResultSize → FIRESTEEL_DRIVER_MAX_RESULT_SIZE. */
export function environmentName(key: string): string {
  return key
    .replace(/[A-Z]/g, letter => `_${letter}`)
    .replaceAll(".", "_")
    .toUpperCase();
}

/** Threads that run tasks on this machine, or on the whole local cluster. */
export function taskThreads(around: Surroundings): number {
  switch (around.master.kind) {
    case "local":
      return around.master.threads ?? around.machine.cores;
    case "localCluster":
      return around.master.workers * around.master.cores;
    case "cluster":
      return around.machine.cores;
  }
}

function executorMemoryBytes({ machine, master }: Surroundings): number {
  switch (master.kind) {
    case "local":
      return wholePages(Math.min(engineMemoryBytesMax, machine.memoryBytes / 2));
    case "localCluster":
      return wholePages(Math.min(engineMemoryBytesMax, master.memoryMb * m));
    case "cluster":
      return g;
  }
}

function wholePages(bytes: number): number {
  return Math.floor(bytes / (64 * k)) * 64 * k;
}
