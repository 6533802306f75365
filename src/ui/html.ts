/**
 * HTML as tagged templates. Everything put into one is text and escaped, unless it is itself the result of `html`; there is no way
 * to say "trust me". Values belong in text or in quoted attributes, never into tag names, scripts or styles.
 */

declare const brand: unique symbol;

/** Markup that `html` made. */
export interface Html {
  readonly [brand]: true;
  readonly text: string;
}

/** Nothing is put for undefined and false, so that `condition && html…` reads well. */
export type Piece = Html | string | number | false | undefined | readonly Piece[];

class Markup {
  constructor(readonly text: string) {}
}

export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  let text = strings[0]!;
  for (const [i, piece] of pieces.entries()) text += textOf(piece) + strings[i + 1]!;
  return new Markup(text) as unknown as Html;
}

function textOf(piece: Piece): string {
  if (typeof piece === "string") return escapeText(piece);
  if (typeof piece === "number") return String(piece);
  if (piece === undefined || piece === false) return "";
  if (piece instanceof Markup) return piece.text;
  if (Array.isArray(piece)) return piece.map(textOf).join("");
  throw new TypeError("only text, numbers and markup go into a page");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Control characters, which HTML does not allow, and halves of surrogate pairs become U+FFFD. */
export function escapeText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text
    .toWellFormed()
    .replace(/[&<>"'\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, c => entities[c] ?? "\ufffd");
}

/** A link to an address that came from elsewhere: http and https alone; of others the text without the link. */
export function outsideLink(url: string | undefined, text: string): Html {
  if (url === undefined || !/^https?:\/\//i.test(url) || !URL.canParse(url)) return html`${text}`;
  return html`<a href="${url}" rel="noreferrer">${text}</a>`;
}

/** Text as one part of an address's path. */
export function pathPart(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
