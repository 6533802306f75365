/**
 * Hadoop's path patterns: `*`, `?`, `[a-z]`, `[^a-z]`, `{a,b}` (nested, and across `/`), and `\` which takes the next
 * character as it is. Patterns are matched one path component at a time; `*` never crosses a `/`.
 */
import { FiresteelError } from "../base/errors.ts";

/** Splits Spark's comma list, leaving commas inside braces and after `\` alone. */
export function splitCommaList(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < list.length; i++) {
    const c = list[i];
    if (c === "\\") i++;
    else if (c === "{") depth++;
    else if (c === "}") depth--;
    else if (c === "," && depth <= 0) {
      parts.push(list.slice(from, i));
      from = i + 1;
    }
  }
  parts.push(list.slice(from));
  return parts;
}

/** `a{b,c}d` → `abd`, `acd`, innermost groups included; in the order written. */
export function expandBraces(pattern: string): string[] {
  const open = findUnescaped(pattern, "{", 0);
  if (open < 0) return [pattern];
  const alternatives: string[] = [];
  let depth = 1;
  let from = open + 1;
  for (let i = open + 1; i < pattern.length; i++) {
    const c = pattern[i];
    if (c === "\\") i++;
    else if (c === "{") depth++;
    else if (c === "," && depth === 1) {
      alternatives.push(pattern.slice(from, i));
      from = i + 1;
    } else if (c === "}" && --depth === 0) {
      alternatives.push(pattern.slice(from, i));
      const before = pattern.slice(0, open);
      const tails = expandBraces(pattern.slice(i + 1));
      return alternatives.flatMap(expandBraces).flatMap(middle => tails.map(tail => before + middle + tail));
    }
  }
  throw badPattern(pattern, "a { is never closed");
}

export function hasWildcard(component: string): boolean {
  return ["*", "?", "["].some(c => findUnescaped(component, c, 0) >= 0);
}

/** The text that a component without wildcards stands for. */
export function unescape(component: string): string {
  return component.replace(/\\([\s\S])/g, "$1");
}

/** A component with wildcards as a regular expression over whole names. */
export function componentMatcher(component: string): RegExp {
  let source = "";
  for (let i = 0; i < component.length; i++) {
    const c = component[i]!;
    if (c === "\\") {
      if (++i >= component.length) throw badPattern(component, "it ends in a single \\");
      source += literal(component[i]!);
    } else if (c === "*") source += "[\\s\\S]*";
    else if (c === "?") source += "[\\s\\S]";
    else if (c === "[") {
      const set = characterSet(component, i);
      source += set.source;
      i = set.close;
    } else source += literal(c);
  }
  return new RegExp(`^${source}$`);
}

function characterSet(component: string, open: number): { source: string; close: number } {
  let i = open + 1;
  const negated = component[i] === "^" || component[i] === "!";
  if (negated) i++;
  let body = "";
  for (let first = true; i < component.length; i++, first = false) {
    const c = component[i]!;
    if (c === "]" && !first) return { source: `[${negated ? "^" : ""}${body}]`, close: i };
    if (c === "\\" && i + 1 < component.length) body += literal(component[++i]!);
    else body += c === "-" ? "-" : literal(c);
  }
  throw badPattern(component, "a [ is never closed");
}

function findUnescaped(text: string, wanted: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === wanted) return i;
  }
  return -1;
}

function literal(c: string): string {
  return /[\w\s]/.test(c) || c > "\x7f" ? c : `\\${c}`;
}

function badPattern(pattern: string, why: string): FiresteelError {
  return new FiresteelError("user", `bad path pattern ${pattern}: ${why}`, {
    hint: "put a \\ before characters that stand for themselves",
  });
}
