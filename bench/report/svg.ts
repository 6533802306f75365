/** Small plots as SVG text: bars, ratios on a logarithmic axis, and lines. Colours come from the page's style sheet. */
import { showSeconds } from "../measure.ts";
import { showFactor } from "./markdown.ts";

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Least and most, drawn as a thin line. */
  readonly min: number;
  readonly max: number;
  readonly note: string;
}

export interface Ratio {
  readonly label: string;
  /** Series → how many times the own time. */
  readonly factors: ReadonlyMap<string, number>;
}

export interface Line {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const width = 720;
const labelWidth = 96;
const noteWidth = 190;
const barHeight = 18;
const barGap = 6;
const letterWidth = 7;

export function escapeText(text: string): string {
  return text.replace(/[&<>"]/g, each => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[each]!);
}

/** The class of a contender's colour. */
export function seriesClass(label: string): string {
  return `series-${label.replace(/[^a-z0-9]+/gi, "-").toLowerCase()}`;
}

function svg(height: number, title: string, body: readonly string[]): string {
  const name = escapeText(title);
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}"><title>${name}</title>${body.join("")}</svg>`;
}

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${attributes}>${escapeText(content)}</text>`;
}

function horizontal(x: number, to: number, y: number, attributes: string): string {
  return `<line x1="${x.toFixed(1)}" x2="${to.toFixed(1)}" y1="${y}" y2="${y}" ${attributes}/>`;
}

/** Horizontal bars from zero, the longest over the whole width. */
export function barPlot(title: string, bars: readonly Bar[]): string {
  const room = width - labelWidth - noteWidth;
  const scale = room / Math.max(...bars.map(bar => bar.max));
  const body = bars.map(({ label, value, min, max, note }, i) => {
    const y = i * (barHeight + barGap);
    const middle = y + barHeight / 2;
    return [
      text(labelWidth - 8, middle + 4, label, ' text-anchor="end"'),
      `<rect class="${seriesClass(label)}" x="${labelWidth}" y="${y}" width="${Math.max(1, value * scale).toFixed(1)}" height="${barHeight}" rx="2"/>`,
      horizontal(labelWidth + min * scale, labelWidth + max * scale, middle, 'class="spread"'),
      text(labelWidth + max * scale + 8, middle + 4, note, ' class="note"'),
    ].join("");
  });
  return svg(bars.length * (barHeight + barGap), title, body);
}

/** A dot a series and row, on a logarithmic axis of powers of ten around 1. */
export function ratioPlot(title: string, rows: readonly Ratio[]): string {
  const factors = rows.flatMap(row => [...row.factors.values()]);
  const low = Math.floor(Math.log10(Math.min(0.5, ...factors)));
  const high = Math.ceil(Math.log10(Math.max(2, ...factors)));
  const left = 24 + letterWidth * Math.max(...rows.map(row => row.label.length));
  const right = 40;
  const x = (factor: number) => left + ((Math.log10(factor) - low) / (high - low)) * (width - left - right);
  const rowHeight = 24;
  const height = rows.length * rowHeight + 26;
  const axis = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)).map(tick => {
    const at = x(tick).toFixed(1);
    const kind = tick === 1 ? "even" : "grid";
    return `<line x1="${at}" x2="${at}" y1="0" y2="${height - 20}" class="${kind}"/>${text(x(tick), height - 5, showFactor(tick), ' text-anchor="middle" class="note"')}`;
  });
  const dots = rows.map(({ label, factors: own }, i) => {
    const y = i * rowHeight + rowHeight / 2;
    const marks = [...own].map(
      ([series, factor]) =>
        `<circle class="${seriesClass(series)}" cx="${x(factor).toFixed(1)}" cy="${y}" r="5"><title>${escapeText(`${series}: ${showFactor(factor)}`)}</title></circle>`,
    );
    return text(left - 10, y + 4, label, ' text-anchor="end"') + marks.join("");
  });
  return svg(height, title, [...axis, ...dots]);
}

/** Lines over a linear or logarithmic x axis; y from zero. */
export function linePlot(title: string, lines: readonly Line[], showX: (x: number) => string): string {
  const [left, right, top, bottom, height] = [64, 130, 10, 28, 240];
  const points = lines.flatMap(line => line.points);
  const ticks = [...new Set(points.map(point => point.x))].sort((a, b) => a - b);
  const xMax = Math.max(...ticks);
  const yMax = Math.max(...points.map(point => point.y)) * 1.05;
  const x = (value: number) => left + (value / xMax) * (width - left - right);
  const y = (value: number) => height - bottom - (value / yMax) * (height - top - bottom);
  const grid = [0, 0.25, 0.5, 0.75, 1].map(share => {
    const at = y(yMax * share);
    const label = share === 0 ? "0" : showSeconds(yMax * share);
    return (
      horizontal(left, width - right, Number(at.toFixed(1)), 'class="grid"') +
      text(left - 8, at + 4, label, ' text-anchor="end" class="note"')
    );
  });
  const axis = ticks.map(tick => text(x(tick), height - 8, showX(tick), ' text-anchor="middle" class="note"'));
  const drawn = lines.map(({ label, points: own }, i) => {
    const path = own.map(point => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(" ");
    const marks = own.map(
      point => `<circle class="line-${i}" cx="${x(point.x).toFixed(1)}" cy="${y(point.y).toFixed(1)}" r="3"/>`,
    );
    const key = `<circle class="line-${i}" cx="${width - right + 16}" cy="${top + 10 + i * 20}" r="4"/>${text(width - right + 26, top + 14 + i * 20, label)}`;
    return `<polyline class="line-${i}" points="${path}"/>${marks.join("")}${key}`;
  });
  return svg(height, title, [...grid, ...axis, ...drawn]);
}
