/**
 * What pages of all roles share: headers, files, errors, live streams, buttons. A page is a function that draws it as it is now; its
 * address gives the page, and its content again and again to who asks for events.
 */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { type Clock, systemClock } from "../base/clock.ts";
import type { RestEnv } from "../deploy/rest-authentication.ts";
import { serveAssets } from "./assets.ts";
import { FormToken } from "./form-token.ts";
import { html } from "./html.ts";
import { content, document, type Page, type Site } from "./layout.ts";
import { type LiveLimits, liveLimits, LiveStreams } from "./live-streams.ts";
import { asPageError, PageError } from "./page-error.ts";

export interface PagesOptions {
  /** Who may ask: `authenticated(…)` of deploy/; undefined where what the pages are mounted in has seen to it. */
  readonly guard: MiddlewareHandler<RestEnv> | undefined;
  readonly clock?: Clock;
  readonly live?: LiveLimits;
  /** Told of errors of the server. */
  readonly warn?: (message: string) => void;
}

export type PageContext = Context<RestEnv>;
type Draw = (c: PageContext) => Page | Promise<Page>;

export const securityHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    ...["default-src 'none'", "style-src 'self'", "script-src 'self'", "connect-src 'self'", "img-src 'self'"],
    ...["form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"],
  ].join("; "),
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  // other sites learn nothing; with "no-referrer" browsers would hide a form's origin from ourselves
  "referrer-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
};

export class PagesApp {
  readonly app = new Hono<RestEnv>();
  readonly token = new FormToken();
  readonly clock: Clock;
  readonly streams: LiveStreams;

  constructor(
    private readonly site: Site,
    options: PagesOptions,
  ) {
    const { app } = this;
    this.clock = options.clock ?? systemClock;
    this.streams = new LiveStreams(this.clock, options.live ?? liveLimits);
    app.use("*", async (c, next) => {
      await next();
      for (const [name, value] of Object.entries(securityHeaders)) c.res.headers.set(name, value);
      if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
    });
    if (options.guard !== undefined) app.use("*", options.guard);
    serveAssets(app);
    app.notFound(c => this.failure(c, new PageError(404, "there is no such page")));
    app.onError((thrown, c) => {
      const error = asPageError(thrown);
      if (error.status === 500)
        options.warn?.(`a page failed: ${c.req.method} ${c.req.path.slice(0, 200)}: ${String(thrown)}`);
      return this.failure(c, error);
    });
  }

  page(path: string, draw: Draw): void {
    this.app.get(path, async c => {
      c.header("vary", "accept");
      if (!/\btext\/event-stream\b/.test(c.req.header("accept") ?? "")) {
        const page = await draw(c);
        return c.html(document(this.site, c.req.path, page, true).text);
      }
      const explain = (thrown: unknown) => asPageError(thrown).message;
      const stream = this.streams.open(async () => content(await draw(c)), explain, c.req.raw.signal);
      if (stream !== undefined) return stream;
      c.header("retry-after", "15");
      throw new PageError(503, "too many pages are open");
    });
  }

  /** What a button does. `act` gives where to go then. */
  action(path: string, act: (c: PageContext) => Promise<string>): void {
    this.app.post(path, async c => {
      await this.token.check(c);
      return c.redirect(await act(c), 303);
    });
  }

  private failure(c: Context, error: PageError): Response | Promise<Response> {
    const title = error.status === 404 ? "Not found" : "This did not work";
    const body = html`<p class="error">${error.message}</p>
      ${error.hint !== undefined && html`<p>${error.hint}</p>`}
      <p><a href="/">Go to the first page</a></p>`;
    return c.html(document(this.site, c.req.path, { title, body }, false).text, error.status);
  }
}
