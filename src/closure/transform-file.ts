/**
 * Transforms a file, whatever it is written in. Syntax that the parser does not know yet is left to the bundler's own: it takes
 * the types out, and positions are then found again by the words that both texts have.
 */
import { readFile } from "node:fs/promises";
import { FiresteelError } from "../base/errors.ts";
import { type RewrittenFile, withoutTypes } from "../platform/bundler.ts";
import type { Positions } from "./edits.ts";
import { Lines } from "./edits.ts";
import type { Transformed, TransformOptions } from "./file-work.ts";
import { loaderOf, parse } from "./parse.ts";
import { transform, transformProgram } from "./transform.ts";

/** A file's text as the bundler gets it, and how it was made; undefined when the file is wrong, which the bundler says best. */
export async function transformFile(
  options: TransformOptions,
): Promise<RewrittenFile & { readonly transformed: Transformed | undefined }> {
  const text = await readFile(options.path, "utf8");
  const loader = loaderOf(options.path);
  const transformed = transformText(text, options);
  return { contents: transformed?.text ?? text, loader, transformed };
}

function transformText(text: string, options: TransformOptions): Transformed | undefined {
  try {
    return transform(text, options);
  } catch (thrown) {
    if (thrown instanceof FiresteelError) throw thrown;
  }
  try {
    const loader = loaderOf(options.path);
    const plain = withoutTypes(text, loader);
    return transformProgram(plain, parse(plain, "js"), new AlignedPositions(plain, text), options);
  } catch {
    return undefined;
  }
}

const aheadWordsMax = 400;

/** Positions of one text in another that has the same words and more between them. */
export class AlignedPositions implements Positions {
  private readonly from: number[] = [0];
  private readonly to: number[] = [0];
  private readonly lines: Lines;

  constructor(text: string, original: string) {
    this.lines = new Lines(original);
    const wanted = [...original.matchAll(words)];
    let next = 0;
    for (const { 0: word, index } of text.matchAll(words)) {
      const last = Math.min(wanted.length, next + aheadWordsMax);
      let at = next;
      while (at < last && wanted[at]![0] !== word) at++;
      if (at === last) continue;
      this.from.push(index);
      this.to.push(wanted[at]!.index);
      next = at + 1;
    }
  }

  position(offset: number): [number, number] {
    let low = 0;
    for (let high = this.from.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if (this.from[middle]! <= offset) low = middle;
      else high = middle;
    }
    return this.lines.position(this.to[low]! + offset - this.from[low]!);
  }
}

const words = /[A-Za-z_$][\w$]*|\d+/g;
