/** Configuration keys of applications that run on a cluster: what they ask for, and how long the parts wait for each other. */
import type { KeySpec } from "./key-spec.ts";

const m = 2 ** 20;
const g = 2 ** 30;
const second = 1000;
const hour = 3_600_000;

export const clusterKeys = {
  "firesteel.cores.max": {
    type: "int",
    min: 0,
    max: 1_000_000,
    default: 0,
    defaultText: "0: what the master gives by default",
    meaning: "Most cores that the application takes of a cluster, over all its executors.",
  },
  "firesteel.executor.cores": {
    type: "int",
    min: 0,
    max: 1024,
    default: around => (around.master.kind === "localCluster" ? around.master.cores : 0),
    defaultText: "0: all that a worker gives, one executor a worker; of local-cluster its C",
    meaning: "Cores of one executor of a cluster, each a task thread.",
  },
  "firesteel.executor.instances": {
    type: "int",
    min: 0,
    max: 100_000,
    default: 0,
    defaultText: "0: as many as fit",
    meaning: "Most executors that the application takes of a cluster.",
  },
  "firesteel.files": {
    type: "list",
    default: [],
    meaning:
      "Files of the driver's machine that every executor of a cluster gets into its work folder, comma-separated.",
  },
  "firesteel.driver.host": {
    type: "string",
    default: "",
    defaultText: "this machine's first outside address with a secret, else 127.0.0.1",
    meaning: "Where the driver listens for its executors.",
  },
  "firesteel.driver.port": {
    type: "int",
    min: 0,
    max: 65_535,
    default: 0,
    defaultText: "0: any",
    meaning: "The port of the driver for its executors and its page.",
  },
  "firesteel.locality.wait": {
    type: "duration",
    min: 0,
    max: hour,
    default: 3 * second,
    meaning: "How long a free core waits for tasks with input near it, on each level; 0 not at all.",
  },
  "firesteel.locality.wait.process": {
    type: "duration",
    min: 0,
    max: hour,
    default: 3 * second,
    defaultText: "firesteel.locality.wait",
    meaning: "How long tasks wait for an executor that has their input cached.",
  },
  "firesteel.locality.wait.node": {
    type: "duration",
    min: 0,
    max: hour,
    default: 3 * second,
    defaultText: "firesteel.locality.wait",
    meaning: "How long tasks wait, after that, for another executor on the host of their input.",
  },
  "firesteel.executor.heartbeatInterval": {
    type: "duration",
    min: 10,
    max: hour,
    default: second,
    meaning: "How often an executor tells its driver that it is there.",
  },
  "firesteel.executor.timeout": {
    type: "duration",
    min: 100,
    max: hour,
    default: 10 * second,
    meaning: "How long an executor may be silent before it is given up. No user code runs where it answers.",
  },
  "firesteel.network.timeout": {
    type: "duration",
    min: second,
    max: hour,
    default: 120 * second,
    meaning: "How long any other process of a cluster may be silent before its connection counts as lost.",
  },
  "firesteel.rpc.askTimeout": {
    type: "duration",
    min: 100,
    max: hour,
    default: 120 * second,
    meaning: "How long a question to another process may stay unanswered.",
  },
  "firesteel.rpc.maxTaskBytes": {
    type: "bytes",
    min: m / 1024,
    max: g,
    default: 128 * m,
    meaning:
      "Largest plan of one stage, with what its functions captured, that is sent to executors; larger ones are refused.",
  },
  "firesteel.scheduler.minRegisteredResourcesRatio": {
    type: "number",
    min: 0,
    max: 1,
    default: 0,
    meaning: "Which part of the cores it asked for an application waits for before its first task.",
  },
  "firesteel.scheduler.maxRegisteredResourcesWaitingTime": {
    type: "duration",
    min: 0,
    max: hour,
    default: 30 * second,
    meaning: "How long it waits for that part at most.",
  },
  "firesteel.scheduler.mode": {
    type: "choice",
    choices: ["FIFO", "FAIR"],
    default: "FIFO",
    meaning:
      "Which of several running jobs gets free cores: the first come (FIFO), or each pool its share (FAIR). The local property firesteel.scheduler.pool chooses a job's pool.",
  },
  "firesteel.scheduler.allocation.file": {
    type: "string",
    default: "",
    defaultText: "none: pools have weight 1 and minimum share 0",
    meaning:
      'File that describes pools of FAIR scheduling: JSON such as {"production":{"weight":2,"minShare":1,"mode":"FAIR"}}, or Spark\'s XML.',
  },
  "firesteel.scheduler.pools": {
    type: "string",
    default: "",
    defaultText: "none",
    meaning: "The same JSON as text; wins over the file where both describe a pool.",
  },
  "firesteel.barrier.coresTimeout": {
    type: "duration",
    min: 0,
    max: 24 * 24 * hour,
    default: hour / 6,
    meaning: "How long a barrier stage waits for as many cores as it has tasks before its job fails.",
  },
  "firesteel.barrier.sync.timeout": {
    type: "duration",
    min: 100,
    max: 24 * 24 * hour,
    default: 24 * hour,
    meaning:
      "How long tasks of a barrier stage wait in barrier() or allGather() for one that does not come. One that has ended is noticed at once.",
  },
  "firesteel.reducer.maxSizeInFlight": {
    type: "bytes",
    min: m,
    max: 2 * g,
    default: 48 * m,
    meaning: "Most bytes of other executors' map outputs that one task fetches ahead; at most a quarter of its memory.",
  },
  "firesteel.shuffle.io.maxRetries": {
    type: "int",
    min: 0,
    max: 1000,
    default: 3,
    meaning: "How often in a row a task asks an executor again for map outputs when the connection broke.",
  },
  "firesteel.shuffle.io.retryWait": {
    type: "duration",
    min: 0,
    max: hour,
    default: second / 4,
    meaning: "How long it waits before it does; twice as long each further time.",
  },
  "firesteel.shuffle.io.idleTimeout": {
    type: "duration",
    min: 100,
    max: hour,
    default: 5 * second,
    meaning:
      "How long an executor that is asked for map outputs may send nothing; a silent one is asked only once more.",
  },
  "firesteel.starvation.timeout": {
    type: "duration",
    min: second,
    max: hour,
    default: 15 * second,
    meaning:
      "How often it is said that tasks wait and no executor has registered, or that a submitted driver waits for a worker.",
  },
  "firesteel.submit.waitAppCompletion": {
    type: "boolean",
    default: true,
    meaning:
      "Whether `firesteel submit --deploy-mode cluster` stays until the driver has ended, and prints its states until then.",
  },
} as const satisfies Readonly<Record<string, KeySpec>>;
