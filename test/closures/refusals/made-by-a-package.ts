import { asyncBufferFromUrl, cachedAsyncBuffer } from "hyparquet";
import type { FormContext } from "../form-context.ts";

const file = cachedAsyncBuffer({ byteLength: 4, slice: () => new ArrayBuffer(4) });

export default async function main(ctx: FormContext): Promise<unknown> {
  void asyncBufferFromUrl;
  return ctx.ship((at: number) => file.slice(at));
}
