/** The frame of every page: head, navigation, the live part. Nothing in it is inline: the policy of pages-app.ts would refuse it. */
import { assetPath } from "./assets.ts";
import { html, type Html, type Piece } from "./html.ts";

/** What the pages of one server have in common. */
export interface Site {
  /** "Firesteel master". */
  readonly name: string;
  readonly nav: readonly { readonly href: string; readonly text: string }[];
}

export interface Page {
  readonly title: string;
  readonly body: Piece;
}

/** Without `live` the page stays as it is. */
export function document(site: Site, path: string, { title, body }: Page, live: boolean): Html {
  const here = (href: string) => (href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`));
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} · ${site.name}</title>
        <link rel="icon" href="${assetPath("icon.svg")}" type="image/svg+xml" />
        <link rel="stylesheet" href="${assetPath("pages.css")}" />
        <script src="${assetPath("pages.js")}" defer></script>
      </head>
      <body>
        <header>
          <a class="site" href="/"><img src="${assetPath("icon.svg")}" alt="" width="20" height="20" />${site.name}</a>
          <nav>
            ${site.nav.map(({ href, text }) => html`<a href="${href}" ${here(href) && html` aria-current="page"`}>${text}</a>`)}
          </nav>
          <span id="status" role="status">${live ? "" : "not live"}</span>
        </header>
        <main id="content" ${live && html` data-live="yes"`}>${content({ title, body })}</main>
        <footer>Times are UTC.</footer>
      </body>
    </html> `;
}

/** What changes while a page is open. */
export function content({ title, body }: Page): Html {
  return html`<h1>${title}</h1>
    ${body}`;
}
