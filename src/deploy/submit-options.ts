/** What `firesteel submit` asks of the submission client, read from the command line and checked as far as that goes. */
import type { HostPort } from "../base/master-url.ts";

export interface SubmitOptions {
  /** Tried one after the other. */
  readonly masters: readonly HostPort[];
  readonly secret: string | undefined;
  readonly request: SubmitRequest;
  /** To stdout: what scripts read, such as an id. */
  readonly print: (line: string) => void;
  /** To stderr: what is being done, when wanted. */
  readonly tell: (line: string) => void;
  /** To stderr: what the user may have to do something about. */
  readonly warn: (line: string) => void;
  /** How often that a job waits for a worker is said. */
  readonly starvedEveryMs: number;
}

export type SubmitRequest =
  | {
      readonly kind: "submit";
      /** The job file's absolute path, or a URL that workers reach. */
      readonly job: string;
      readonly args: readonly string[];
      readonly name: string;
      /** Settings of the job as its driver is to have them; no master among them. */
      readonly conf: Readonly<Record<string, string>>;
      /** Absolute paths on this machine. */
      readonly files: readonly string[];
      readonly driverCores: number;
      readonly driverMemoryMb: number;
      readonly supervise: boolean;
    }
  | { readonly kind: "kill"; readonly driverId: string }
  | { readonly kind: "status"; readonly driverId: string };
