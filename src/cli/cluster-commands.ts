/** The commands of a cluster's roles, and of submission to one; part of the table in commands.ts. */
import { type CommandSpec, conf, help, type OptionSpec, propertiesFile, secretFile } from "./command-spec.ts";

const host: OptionSpec = {
  name: "host",
  value: "HOST",
  meaning: "where to listen (default: 127.0.0.1; with a secret this machine's first outside address)",
};

const securityNotes = `Who can connect to a cluster can run code on it, so its processes share a secret; without one they talk within this
machine alone. Make one with: (umask 077; openssl rand -hex 32 > secret)`;

const submitOptions: readonly OptionSpec[] = [
  { name: "master", value: "URL", meaning: "where to run; for cluster mode firesteel://host:port[,host:port…]" },
  {
    name: "deploy-mode",
    value: "MODE",
    meaning: "client: the driver runs here (default); cluster: it runs on a worker",
  },
  { name: "entry", value: "NAME", meaning: "the job file's export to run (default: its default export)" },
  { name: "class", value: "NAME", meaning: "the same, as spark-submit calls it" },
  { name: "name", value: "NAME", meaning: "the application's name (default: the job file's)" },
  {
    name: "files",
    value: "A,B",
    meaning: "files for the work folder of every executor, and of the driver in cluster mode",
  },
  conf,
  propertiesFile,
  {
    name: "driver-memory",
    value: "SIZE",
    meaning: "memory that the driver takes of its worker, in cluster mode (default: 1g)",
  },
  {
    name: "driver-cores",
    value: "N",
    meaning: "cores that the driver takes of its worker, in cluster mode (default: 1)",
  },
  { name: "executor-memory", value: "SIZE", meaning: "memory of one executor: firesteel.executor.memory" },
  { name: "executor-cores", value: "N", meaning: "cores of one executor: firesteel.executor.cores" },
  { name: "num-executors", value: "N", meaning: "most executors: firesteel.executor.instances" },
  { name: "total-executor-cores", value: "N", meaning: "most cores over all executors: firesteel.cores.max" },
  { name: "supervise", meaning: "start the driver again when it fails, in cluster mode" },
  {
    name: "no-wait",
    meaning: "return when the master has the job, in cluster mode (default: when the driver has ended)",
  },
  { name: "kill", value: "ID", meaning: "end a driver that was submitted, instead of submitting" },
  { name: "status", value: "ID", meaning: "print how a driver that was submitted is doing, instead of submitting" },
  { name: "queue", value: "NAME", meaning: "the queue of a YARN cluster; others have none" },
  secretFile,
  { name: "verbose", short: "v", meaning: "print what is submitted, on stderr" },
  { name: "version", meaning: "print the version" },
  help,
];

export const clusterCommands = {
  submit: {
    summary: "run a job on a cluster, or look after one that was submitted",
    operands: "job.ts [args…]",
    operandsMin: 0,
    operandsMax: Infinity,
    jobFirst: true,
    options: submitOptions,
    notes: `In cluster mode the job is bundled here, sent to the master and run on a worker. The command prints the id that --status
and --kill take.

Exit code: 0 done, 1 refused or failed, 2 wrong usage.`,
  },
  master: {
    summary: "start a cluster's master",
    operands: "",
    operandsMin: 0,
    operandsMax: 0,
    jobFirst: false,
    options: [
      host,
      { name: "port", value: "N", meaning: "for workers, drivers and submissions (default: 7077; 0: any free one)" },
      { name: "webui-port", value: "N", meaning: "for pages and their data (default: 8080; 0: any free one)" },
      { name: "rest-port", value: "N", meaning: "for submissions by HTTP (default: 6066; 0: any free one)" },
      { name: "one-port", meaning: "pages and submissions by HTTP on --port too, and on no other" },
      secretFile,
      {
        name: "recovery-dir",
        value: "FOLDER",
        meaning: "keep state there, to go on after a restart (default: forget it)",
      },
      { name: "standby", meaning: "wait while another master has --recovery-dir, and lead when that one is gone" },
      conf,
      propertiesFile,
      help,
    ],
    notes: securityNotes,
  },
  worker: {
    summary: "offer this machine to a cluster's master",
    operands: "firesteel://host:port",
    operandsMin: 1,
    operandsMax: 1,
    jobFirst: false,
    options: [
      { name: "cores", value: "N", meaning: "cores to offer (default: all that this process may use)" },
      {
        name: "memory",
        value: "SIZE",
        meaning: "memory to offer, as 8g or 512m (default: what this process may use, less 1g or a quarter)",
      },
      {
        name: "work-dir",
        value: "FOLDER",
        meaning: "for the folders of executors and drivers, their logs too (default: work)",
      },
      host,
      { name: "port", value: "N", meaning: "for the master and pages (default: any free one)" },
      {
        name: "webui-port",
        value: "N",
        meaning: "for pages (default: 8081, the next free one when that is taken; 0: any)",
      },
      secretFile,
      conf,
      propertiesFile,
      help,
    ],
    notes: `Several masters of one cluster are written firesteel://host:port,host:port.\n${securityNotes}`,
  },
  executor: {
    summary: "run tasks for a driver; started by workers",
    operands: "",
    operandsMin: 0,
    operandsMax: 0,
    jobFirst: false,
    internal: true,
    options: [
      { name: "driver", value: "HOST:PORT", meaning: "the driver to register at (required)" },
      { name: "executor-id", value: "N", meaning: "what the master calls it (required)" },
      { name: "app-id", value: "ID", meaning: "the application (required)" },
      { name: "worker-id", value: "ID", meaning: "the worker that starts it (required)" },
      { name: "listen-host", value: "HOST", meaning: "where to listen (default: 127.0.0.1)" },
      { name: "host", value: "HOST", meaning: "what others call this machine (default: where it listens)" },
      { name: "cores", value: "N", meaning: "task threads (required)" },
      { name: "memory", value: "SIZE", meaning: "engine memory (required)" },
      { name: "local-dirs", value: "A,B", meaning: "folders for spills and shuffle files" },
      secretFile,
      help,
    ],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
