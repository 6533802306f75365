/** An answer that is no page: what is wrong and what to do, thrown by whatever finds out. */
import { FiresteelError } from "../base/errors.ts";
import { RestError } from "../deploy/rest-bodies.ts";

export type PageStatus = 400 | 403 | 404 | 409 | 413 | 415 | 500 | 503;

export class PageError extends Error {
  readonly hint: string | undefined;

  constructor(
    readonly status: PageStatus,
    message: string,
    details: { readonly hint?: string | undefined } = {},
  ) {
    super(message);
    this.name = "PageError";
    this.hint = details.hint;
  }
}

export function asPageError(thrown: unknown): PageError {
  if (thrown instanceof PageError) return thrown;
  if (thrown instanceof RestError) return new PageError(thrown.status === 413 ? 413 : 400, thrown.message);
  if (!(thrown instanceof FiresteelError)) return new PageError(500, "an error of the server; its log says more");
  const status = thrown.kind === "lost" ? 503 : thrown.kind === "user" || thrown.kind === "data" ? 400 : 500;
  return new PageError(status, thrown.message, { hint: thrown.hint });
}
