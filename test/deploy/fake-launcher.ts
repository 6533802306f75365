/** A launcher without processes: a test says when they start and end. `kill` ends at once. */
import type { DriverLaunch, ExecutorLaunch, Launched, Launcher, LaunchListener } from "../../src/deploy/contracts.ts";
import type { DriverReport } from "../../src/deploy/messages.ts";

export interface FakeProcess {
  readonly what: ExecutorLaunch | DriverLaunch;
  readonly name: string;
  readonly listener: LaunchListener;
  end(exitCode: number, message?: string): void;
}

export class FakeLauncher implements Launcher {
  readonly running: FakeProcess[] = [];
  readonly launches: (ExecutorLaunch | DriverLaunch)[] = [];
  readonly endedApplications: string[] = [];
  /** Set: launches fail with it. */
  failure: string | undefined;
  private nextPid = 100;

  get names(): string[] {
    return this.running.map(each => each.name);
  }

  launchExecutor(launch: ExecutorLaunch, listener: LaunchListener): Launched {
    return this.launch(`${launch.appId}/${launch.executorId} x${launch.cores}`, launch, listener);
  }

  launchDriver(launch: DriverLaunch, listener: LaunchListener): Launched {
    return this.launch(`${launch.driverId} launch ${launch.launch}`, launch, listener);
  }

  applicationEnded(appId: string): void {
    this.endedApplications.push(appId);
  }

  async logTail(of: object, stream: "stdout" | "stderr", bytesMax: number) {
    return { text: `${stream} of ${Object.values(of).join("/")}, at most ${bytesMax} bytes`, totalBytes: 1000 };
  }

  async driverReport(driverId: string): Promise<DriverReport> {
    return { progress: JSON.stringify(`of ${driverId}`), result: undefined };
  }

  private launch(name: string, what: ExecutorLaunch | DriverLaunch, listener: LaunchListener): Launched {
    this.launches.push(what);
    if (this.failure !== undefined) {
      listener.ended({ exitCode: undefined, signal: undefined, message: this.failure });
      return { kill() {} };
    }
    const end = (exitCode: number | undefined, signal: string | undefined, message: string) => {
      const at = this.running.indexOf(process);
      if (at < 0) return;
      this.running.splice(at, 1);
      listener.ended({ exitCode, signal, message });
    };
    const process: FakeProcess = {
      name,
      what,
      listener,
      end: (exitCode, message = `exit code ${exitCode}`) => end(exitCode, undefined, message),
    };
    this.running.push(process);
    listener.started(this.nextPid++);
    return { kill: () => end(undefined, "SIGTERM", "killed") };
  }
}
