/**
 * Requests to WebHDFS: the address of an operation, the redirect from the name node to a data node, and what its exceptions mean.
 * Data is sent to the data node alone, as the protocol has it: the name node is asked where, without the data.
 */
import { FiresteelError } from "../base/errors.ts";
import type { FileSettings } from "./file-settings.ts";
import { hdfsPlace, nameNodesOf, wasActive } from "./hdfs-name-nodes.ts";
import { type HttpAnswer, HttpFailure, httpRequest, unreachable } from "./http-client.ts";

export interface HdfsCall {
  /** What the request is for, in errors. */
  readonly doing: string;
  readonly expected: readonly number[];
  readonly check?: (answer: HttpAnswer) => void;
}

export class HdfsClient {
  constructor(private readonly settings: FileSettings) {}

  /** The operation's answer; undefined where there is no such file. */
  async ask<T>(
    path: string,
    method: string,
    operation: string,
    query: Readonly<Record<string, string>> = {},
    doing = "read",
  ): Promise<T | undefined> {
    const answer = await this.send(path, method, operation, query, { doing, expected: [200, 201] });
    if (answer === undefined) return undefined;
    if (answer.bytes.length === 0) return {} as T;
    try {
      return JSON.parse(Buffer.from(answer.bytes).toString()) as T;
    } catch {
      throw new FiresteelError("data", `cannot ${doing} ${path}: what answers there is no WebHDFS`, {
        hint: `check firesteel.hdfs.httpPort, which is ${this.settings.hdfs.httpPort}`,
      });
    }
  }

  /** As `ask`, with the answer as it came. */
  async send(
    path: string,
    method: string,
    operation: string,
    query: Readonly<Record<string, string>>,
    { doing, expected, check }: HdfsCall,
  ): Promise<HttpAnswer | undefined> {
    return this.meaning(path, doing, () =>
      this.fromActive(path, operation, query, url =>
        httpRequest(() => ({ method, url }), expected, this.settings, check),
      ),
    );
  }

  /** Makes a file of the pieces as they come, at the data node that the name node names. Tried once. */
  async create(path: string, pieces: AsyncIterator<Uint8Array>): Promise<void> {
    const doing = "write to";
    await this.meaning(path, doing, async () => {
      const asked = await this.fromActive(path, "CREATE", { overwrite: "true" }, url =>
        httpRequest(() => ({ method: "PUT", url, keepRedirect: true }), [200, 201, 307], this.settings),
      );
      const location = asked.headers.get("location");
      if (asked.status !== 307 || location === null)
        throw new HttpFailure("the name node names no data node", asked.status, "", undefined, false);
      const headers = { "content-type": "application/octet-stream" };
      const put = () => ({ method: "PUT", url: location, headers, pieces });
      return httpRequest(put, [200, 201], { ...this.settings, retriesMax: 0 });
    });
  }

  /** Asks the name nodes one after the other until one that is active answers. */
  private async fromActive(
    path: string,
    operation: string,
    query: Readonly<Record<string, string>>,
    request: (url: string) => Promise<HttpAnswer>,
  ): Promise<HttpAnswer> {
    const origins = nameNodesOf(path, this.settings);
    let failure: HttpFailure | undefined;
    for (const origin of origins) {
      try {
        const answer = await request(this.address(origin, path, operation, query));
        if (origins.length > 1) wasActive(path, origin);
        return answer;
      } catch (thrown) {
        if (!(thrown instanceof HttpFailure)) throw thrown;
        const standsBy = isStandby(thrown);
        if (thrown.status !== 0 && !standsBy) throw thrown;
        // that one cannot be reached says more than that another stands by
        if (failure === undefined || !standsBy) failure = thrown;
      }
    }
    throw failure!;
  }

  private async meaning(
    path: string,
    doing: string,
    request: () => Promise<HttpAnswer>,
  ): Promise<HttpAnswer | undefined> {
    try {
      return await request();
    } catch (thrown) {
      if (!(thrown instanceof HttpFailure)) throw thrown;
      const exception = exceptionIn(thrown.text);
      if (thrown.status === 404 && exception?.exception === "FileNotFoundException") return undefined;
      throw this.refused(path, doing, thrown, exception);
    }
  }

  private address(origin: string, path: string, operation: string, query: Readonly<Record<string, string>>): string {
    const { user } = this.settings.hdfs;
    const encoded = hdfsPlace(path).path.split("/").map(encodeURIComponent).join("/");
    const parameters = new URLSearchParams({ op: operation, ...(user !== "" && { "user.name": user }), ...query });
    return `${origin}/webhdfs/v1${encoded}?${parameters}`;
  }

  private refused(
    path: string,
    doing: string,
    failure: HttpFailure,
    exception: RemoteException | undefined,
  ): FiresteelError {
    const { user, httpPort } = this.settings.hdfs;
    if (isStandby(failure)) {
      return new FiresteelError("user", `cannot ${doing} ${path}: this name node stands by for another`, {
        hint: "name the active one, or all of them in firesteel.hdfs.nameNodes",
      });
    }
    if (failure.status === 401 || failure.status === 403) {
      return new FiresteelError("user", `cannot ${doing} ${path}: it is denied to the user ${user}`, {
        hint: "set firesteel.hdfs.user to someone who may; clusters with Kerberos are not supported",
      });
    }
    if (failure.status === 404) {
      return new FiresteelError("data", `cannot ${doing} ${path}: what answers there is no WebHDFS`, {
        hint: `check firesteel.hdfs.httpPort, which is ${httpPort}`,
      });
    }
    const said = exception === undefined ? "" : ` (${exception.exception}: ${exception.message.split("\n")[0]})`;
    const reason = new HttpFailure(`${failure.reason}${said}`, failure.status, "", undefined, failure.isTransient);
    const hint = `check the name node's host, and firesteel.hdfs.httpPort, which is ${httpPort}`;
    return unreachable(path, doing, reason, failure.status === 0 ? hint : undefined);
  }
}

interface RemoteException {
  readonly exception: string;
  readonly message: string;
}

function isStandby({ text }: HttpFailure): boolean {
  return exceptionIn(text)?.exception === "StandbyException";
}

function exceptionIn(text: string): RemoteException | undefined {
  try {
    return (JSON.parse(text) as { RemoteException?: RemoteException }).RemoteException;
  } catch {
    return undefined;
  }
}
