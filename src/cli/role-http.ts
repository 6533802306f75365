/** What masters and workers answer over HTTP/1.1: pages, and of masters submissions; all of it for those who may ask. */
import type { RequestListener } from "node:http";
import { hostname } from "node:os";
import { systemClock } from "../base/clock.ts";
import type { MasterAccess } from "../deploy/master-access.ts";
import { authenticated } from "../deploy/rest-authentication.ts";
import { restFetch, restListener } from "../deploy/rest-server.ts";
import { createMasterPages } from "../ui/master-pages.ts";
import { createWorkerPages, type WorkerPagesAccess } from "../ui/worker-pages.ts";

export interface HttpSurroundings {
  readonly secret: string | undefined;
  /** What others call this machine. */
  readonly host: string;
  readonly warn: (message: string) => void;
}

/** Ports are opened before there is anything to answer with: pages name them. */
export function lateListener(): {
  readonly listener: RequestListener;
  readonly answerWith: (listener: RequestListener) => void;
} {
  let answer = unavailable("it is starting");
  return {
    listener: (request, response) => answer(request, response),
    answerWith: listener => void (answer = listener),
  };
}

export function unavailable(why: string): RequestListener {
  return (_, response) => {
    response.writeHead(503, { "content-type": "text/plain", "retry-after": "1" }).end(`${why}\n`);
  };
}

export function masterHttp(access: MasterAccess, around: HttpSurroundings) {
  const { secret, host, warn } = around;
  const hosts = [host];
  const rest = { master: access, secret, clock: systemClock, hosts, warn };
  // behind the REST server, which has seen to who asks
  const pages = createMasterPages(access, { guard: undefined, warn });
  const page = async (request: Request) => {
    const answer = await pages.fetch(request);
    // what is under /v1 is the REST server's, its errors too
    return answer.status === 404 && new URL(request.url).pathname.startsWith("/v1") ? undefined : answer;
  };
  return {
    pages: pagesListener(createMasterPages(access, { guard: guard(around), warn }), host),
    rest: restListener(restFetch(rest), host),
    both: restListener(restFetch({ ...rest, pages: page }), host),
  };
}

export function workerHttp(access: WorkerPagesAccess, around: HttpSurroundings): RequestListener {
  return pagesListener(createWorkerPages(access, { guard: guard(around), warn: around.warn }), around.host);
}

function guard({ secret, host, warn }: HttpSurroundings) {
  return authenticated({ secret, clock: systemClock, hosts: [hostname(), host], warn });
}

function pagesListener(pages: ReturnType<typeof createWorkerPages>, host: string): RequestListener {
  return restListener((request, from) => pages.fetch(request, from), host);
}
