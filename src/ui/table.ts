/** Tables and lists of facts. A table that is too wide scrolls by itself, never the page. */
import { html, type Html, type Piece } from "./html.ts";

export interface Column {
  readonly title: Piece;
  /** Of numbers: aligned at the right. */
  readonly number?: boolean;
}

export type Row = readonly Piece[];

/** `caption` tells what was left out. */
export function table(
  columns: readonly Column[],
  rows: readonly Row[],
  options: { readonly empty?: string; readonly caption?: string | undefined } = {},
): Html {
  if (rows.length === 0) return html`<p class="empty">${options.empty ?? "None."}</p>`;
  const classOf = (i: number) => columns[i]?.number === true && html` class="number"`;
  return html`<div class="scroll">
    <table>
      ${
        options.caption !== undefined &&
        html`<caption>
          ${options.caption}
        </caption>`
      }
      <thead>
        <tr>
          ${columns.map((column, i) => html`<th scope="col" ${classOf(i)}>${column.title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          row =>
            html`<tr>
              ${row.map((cell, i) => html`<td${classOf(i)}>${cell}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

export type Fact = readonly [name: string, value: Piece];

export function facts(list: readonly (Fact | false | undefined)[]): Html {
  const shown = list.filter(fact => fact !== false && fact !== undefined);
  return html`<dl class="facts">
    ${shown.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

export function section(title: Piece, ...content: readonly Piece[]): Html {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section> `;
}

/** What ended and what runs stand in sections of their own; long lists of the former are shut. */
export function folded(id: string, title: string, content: Html): Html {
  return html`<details id="${id}">
    <summary>${title}</summary>
    ${content}
  </details> `;
}
