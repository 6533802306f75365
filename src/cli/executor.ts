/** `firesteel executor`: reads the command line that a worker wrote, and runs the executor until its driver is done with it. */
import { takeSecret } from "../deploy/secret.ts";
import type { Invocation } from "./command-line.ts";
import { address, memoryMb, required, textOption, wholeNumber } from "./option-values.ts";
import { stopSignal } from "./stop-signal.ts";

export async function executor({ options }: Invocation): Promise<number> {
  const given = (name: string) => required(options, name, "executor");
  const signal = stopSignal();
  const { runExecutor } = await import("../exec/executor-process.ts");
  const listenHost = textOption(options, "listen-host") ?? "127.0.0.1";
  // who the executor is to master and worker, for those who look at the process
  given("app-id");
  given("worker-id");
  return runExecutor({
    driver: address(given("driver"), "--driver"),
    executor: wholeNumber(given("executor-id"), "--executor-id", 0, Number.MAX_SAFE_INTEGER),
    listenHost,
    host: textOption(options, "host") ?? listenHost,
    cores: wholeNumber(given("cores"), "--cores", 1, 1024),
    memoryBytes: memoryMb(given("memory"), "--memory") * 2 ** 20,
    localDirs: (textOption(options, "local-dirs") ?? "").split(",").filter(folder => folder !== ""),
    secret: takeSecret(textOption(options, "secret-file")),
    signal,
  });
}
