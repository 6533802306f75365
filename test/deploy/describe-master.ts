/** One line of text for each action of a master's machine, and for each thing that it knows. */
import type { MasterAction } from "../../src/deploy/master-contracts.ts";
import type {
  MasterSnapshot,
  MasterToApplication,
  MasterToWorker,
  WorkerRegistrationAnswer,
} from "../../src/deploy/messages.ts";

export function describeMasterAction(action: MasterAction): string {
  switch (action.type) {
    case "putWorker":
      return `keep worker ${action.worker.workerId}`;
    case "removeWorker":
      return `forget worker ${action.workerId}`;
    case "putApplication": {
      const { appId, state, executorIdNext } = action.application;
      return `keep application ${appId}: ${state}, next executor ${executorIdNext}`;
    }
    case "removeApplication":
      return `forget application ${action.appId}`;
    case "putDriver": {
      const { driverId, state, workerId, launches, killAsked } = action.driver;
      const where = workerId === undefined ? "" : ` on ${workerId}`;
      return `keep driver ${driverId}: ${state}${where}, launches ${launches}${killAsked ? ", to be killed" : ""}`;
    }
    case "removeDriver":
      return `forget driver ${action.driverId}`;
    case "answer":
      return `answer ${describeAnswer(action.answer)}`;
    case "refuse":
      return `refuse: ${action.message}${action.details.hint === undefined ? "" : ` (${action.details.hint})`}`;
    case "tellWorker":
      return `to ${action.peerId}: ${describeToWorker(action.message)}`;
    case "tellApplication":
      return `to ${action.peerId}: ${describeToApplication(action.message)}`;
    case "log":
      return `${action.level}: ${action.text}`;
  }
}

export function describeToWorker(message: MasterToWorker): string {
  switch (message.type) {
    case "launchExecutor":
      return `launch ${message.appId}/${message.executorId} x${message.cores}, ${message.memoryMb} MB`;
    case "killExecutor":
      return `kill ${message.appId}/${message.executorId}`;
    case "launchDriver":
      return `launch driver ${message.driverId}, ${message.launch} times before`;
    case "killDriver":
      return `kill driver ${message.driverId}`;
    case "reregister":
      return "register again";
    case "applicationEnded":
      return `${message.appId} ended`;
  }
}

export function describeToApplication(message: MasterToApplication): string {
  switch (message.type) {
    case "executorAdded":
      return `executor ${message.executorId} on ${message.workerId} x${message.cores}, ${message.memoryMb} MB`;
    case "executorUpdated": {
      const { executorId, state, message: text, exitCode, workerLost } = message;
      const code = exitCode === undefined ? "" : ` with ${exitCode}`;
      return `executor ${executorId} ${state}${code}${workerLost ? " with its worker" : ""}${text === undefined ? "" : `: ${text}`}`;
    }
    case "applicationRemoved":
      return `removed: ${message.reason}`;
    case "reregister":
      return "register again";
  }
}

export function describeSnapshot(snapshot: MasterSnapshot): string[] {
  const { state, workers, applications, endedApplications, drivers, endedDrivers } = snapshot;
  return [
    `the master is ${state}`,
    ...workers.map(each => {
      const { workerId, coresUsed, cores, memoryUsedMb, memoryMb } = each;
      return `worker ${workerId} ${each.state}: ${coresUsed} of ${cores} cores, ${memoryUsedMb} of ${memoryMb} MB`;
    }),
    ...[...applications, ...endedApplications].map(each => {
      const executors = each.executors.map(
        executor => `${executor.executorId} ${executor.state} on ${executor.workerId}`,
      );
      return `application ${each.appId} ${each.state}, ${each.coresGranted} cores: ${executors.join(", ") || "no executors"}`;
    }),
    ...[...drivers, ...endedDrivers].map(each => {
      const where = each.workerId === undefined ? "" : ` on ${each.workerId}`;
      return `driver ${each.driverId} ${each.state}${where}, launches ${each.launches}`;
    }),
  ];
}

function describeAnswer(answer: unknown): string {
  if (answer === undefined) return "nothing";
  if (isRegistration(answer)) {
    if (answer.kind === "refused") return `refused: ${answer.reason}`;
    if (answer.kind === "standby") return "stands by";
    const executors = answer.unknownExecutors.map(each => `${each.appId}/${each.executorId}`);
    const unknown = [...executors, ...answer.unknownDrivers, ...answer.unknownApplications];
    return `registered${unknown.length === 0 ? "" : `, end what is not known: ${unknown.join(" ")}`}`;
  }
  const { appId, message, driverId, state, error, known } = answer as Readonly<Record<string, string | undefined>>;
  if (known !== undefined) return known ? "its own" : "not its own";
  if (state !== undefined) return `driver ${driverId} is ${state}${error === undefined ? "" : `: ${error}`}`;
  return String(message ?? appId ?? JSON.stringify(answer));
}

function isRegistration(answer: unknown): answer is WorkerRegistrationAnswer {
  return typeof answer === "object" && answer !== null && "kind" in answer;
}
