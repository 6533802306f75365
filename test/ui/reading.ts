/** Reading pages in tests: requests as browsers make them, and streams of events. */
import type { Hono } from "hono";
import type { RestEnv } from "../../src/deploy/rest-authentication.ts";

export const hostile = `<script>alert("1")</script>'"&\u202e\u0000\ud800 ünï 中`;
/** What no page may hold, whatever users call their things. */
export const markup = `<script>alert`;

export async function textAt(app: Hono<RestEnv>, path: string, status = 200): Promise<string> {
  const answer = await app.request(path);
  const text = await answer.text();
  if (answer.status !== status) throw new Error(`${path} is ${answer.status}: ${text}`);
  return text;
}

export async function jsonAt(app: Hono<RestEnv>, path: string): Promise<unknown> {
  return JSON.parse(await textAt(app, path));
}

export function tokenIn(text: string): string {
  return /name="token" value="([^"]+)"/.exec(text)![1]!;
}

export function press(
  app: Hono<RestEnv>,
  path: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): Response | Promise<Response> {
  return app.request(path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams({ token }).toString(),
  });
}

export interface LiveEvent {
  readonly type: string;
  readonly data: string;
}

/** Reads a stream as browsers do: by event, fields by line. */
export class EventReader {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly decoder = new TextDecoder();
  private rest = "";

  constructor(answer: Response) {
    this.reader = answer.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  /** Undefined at its end. Comments are events of type "comment". */
  async next(): Promise<LiveEvent | undefined> {
    for (;;) {
      const end = this.rest.indexOf("\n\n");
      if (end >= 0) {
        const lines = this.rest.slice(0, end).split(/\r\n|\r|\n/);
        this.rest = this.rest.slice(end + 2);
        return eventOf(lines);
      }
      const { done, value } = await this.reader.read();
      if (done) return undefined;
      this.rest += this.decoder.decode(value, { stream: true });
    }
  }

  async leave(): Promise<void> {
    await this.reader.cancel();
  }
}

function eventOf(lines: readonly string[]): LiveEvent {
  let type = "comment";
  const data: string[] = [];
  for (const line of lines) {
    const [, name, value] = /^(\w*):? ?(.*)$/s.exec(line)!;
    if (name === "event") type = value!;
    if (name === "data") data.push(value!);
  }
  return { type, data: data.join("\n") };
}
