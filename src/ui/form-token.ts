/**
 * What a page's buttons need so that only this server's own pages press them: a token in the form that no other site can read,
 * and a browser that says the request comes from here. Tokens live as long as the server.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { readBody } from "../deploy/rest-bodies.ts";
import { html, type Html } from "./html.ts";
import { PageError } from "./page-error.ts";

const formBytesMax = 4096;

export class FormToken {
  private readonly token = randomBytes(32).toString("base64url");

  /** A button that posts to `action`. */
  button(action: string, text: string, id: string): Html {
    return html`<form method="post" action="${action}">
      <input type="hidden" name="token" value="${this.token}" /><button id="${id}">${text}</button>
    </form>`;
  }

  /** Throws a PageError when the request is not a press of one of these buttons. */
  async check(c: Context): Promise<void> {
    if (!fromHere(c)) throw new PageError(403, "a page of another site may not do this");
    const type = c.req.header("content-type") ?? "";
    if (!/^application\/x-www-form-urlencoded\b/i.test(type))
      throw new PageError(415, "this is not one of the page's forms");
    const form = new URLSearchParams((await readBody(c.req.raw, formBytesMax)).toString());
    const given = form.getAll("token");
    if (given.length !== 1 || !timingSafeEqual(digest(given[0]!), digest(this.token)))
      throw new PageError(403, "the page is out of date: this server was started after the page was drawn", {
        hint: "go back, load the page again, and press the button there",
      });
  }
}

/** Browsers say where a form was; a program that says nothing still needs the token. */
function fromHere(c: Context): boolean {
  const origin = c.req.header("origin");
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === (c.req.header("host") ?? new URL(c.req.url).host);
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
