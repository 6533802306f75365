/** When the stages of a job ran, as a drawing. */
import { html, type Html } from "./html.ts";
import { formatDuration } from "../base/quantity.ts";
import type { StageStatus } from "./status-records.ts";

const barsMax = 40;
const [widthPx, rowPx, labelPx, endPx] = [1000, 20, 230, 90];
const labelCharactersMax = 34;

/** Of many stages the latest. */
export function timeline(stages: readonly StageStatus[], nowMs: number): Html | undefined {
  const shown = stages.slice(-barsMax);
  if (shown.length < 2) return undefined;
  const fromMs = Math.min(...shown.map(stage => stage.submittedMs));
  const untilMs = Math.max(...shown.map(stage => stage.completedMs ?? nowMs), fromMs + 1);
  const x = (ms: number) => labelPx + ((ms - fromMs) / (untilMs - fromMs)) * (widthPx - labelPx - endPx);
  const bars = shown.map((stage, i) => {
    const [from, until] = [stage.submittedMs, stage.completedMs ?? nowMs];
    const [left, width] = [x(from), Math.max(2, x(until) - x(from))];
    const label = `${stage.stage} · ${stage.name}`;
    const text = label.length > labelCharactersMax ? `${label.slice(0, labelCharactersMax - 1)}…` : label;
    const y = i * rowPx;
    return html`<g
      ><title>${label}</title><text x="0" y="${y + 14}">${text}</text
      ><rect
        class="${stage.state}"
        x="${left.toFixed(1)}"
        y="${y + 4}"
        width="${width.toFixed(1)}"
        height="12"
        rx="3"
      ></rect
      ><text class="tick" x="${(left + width + 6).toFixed(1)}" y="${y + 14}">${formatDuration(until - from)}</text></g
    >`;
  });
  const height = shown.length * rowPx + 4;
  return html`<div class="scroll drawing">
    <svg class="timeline" viewBox="0 0 ${widthPx} ${height}" role="img" aria-label="When stages ran">
      <line class="axis" x1="${labelPx}" y1="0" x2="${labelPx}" y2="${height}"></line>
      ${bars}
    </svg>
  </div>`;
}
