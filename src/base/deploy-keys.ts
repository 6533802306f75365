/** Configuration keys of masters and workers. */
import type { KeySpec } from "./key-spec.ts";

const second = 1000;
const hour = 3_600_000;

export const deployKeys = {
  "firesteel.deploy.spreadOut": {
    type: "boolean",
    default: true,
    meaning:
      "Whether a master spreads an application's executors over many workers, or fills one worker after the other.",
  },
  "firesteel.deploy.defaultCores": {
    type: "int",
    min: 0,
    max: 1_000_000,
    default: 0,
    defaultText: "0: all that are free",
    meaning: "Most cores that a master gives to an application that does not set firesteel.cores.max.",
  },
  "firesteel.deploy.maxExecutorRetries": {
    type: "int",
    min: 0,
    max: 100_000,
    default: 10,
    meaning:
      "How many executors in a row that end right after their start remove an application that has none running; 0 for no limit.",
  },
  "firesteel.deploy.workerTimeout": {
    type: "duration",
    min: second,
    max: 24 * hour,
    default: 60 * second,
    meaning: "How long a master hears nothing of a worker before it counts as dead; of an application, at least 60 s.",
  },
  "firesteel.deploy.workerGrace": {
    type: "duration",
    min: 0,
    max: 24 * hour,
    default: 5 * second,
    meaning:
      "How long a worker whose connection was lost may take to come back to its master with all that runs there.",
  },
  "firesteel.deploy.applicationGrace": {
    type: "duration",
    min: 0,
    max: 24 * hour,
    default: 30 * second,
    meaning: "How long an application whose connection was lost may take to come back before its executors are ended.",
  },
  "firesteel.deploy.recoveryDirectory": {
    type: "string",
    default: "",
    defaultText: "none: a restarted master knows nothing",
    meaning: "Folder in which a master keeps what it needs to go on after its restart.",
  },
  "firesteel.deploy.recoveryTimeout": {
    type: "duration",
    min: 0,
    max: 24 * hour,
    default: 30 * second,
    meaning: "How long workers and applications may take to come back to a master that was restarted.",
  },
  "firesteel.deploy.retainedApplications": {
    type: "int",
    min: 0,
    max: 100_000,
    default: 200,
    meaning: "How many ended applications a master remembers.",
  },
  "firesteel.deploy.retainedDrivers": {
    type: "int",
    min: 0,
    max: 100_000,
    default: 200,
    meaning: "How many ended drivers a master remembers.",
  },
  "firesteel.worker.heartbeatInterval": {
    type: "duration",
    min: 10,
    max: hour,
    default: 15 * second,
    meaning: "How often a worker tells its master that it is there.",
  },
} as const satisfies Readonly<Record<string, KeySpec>>;
