import { expect, test } from "bun:test";
import { measuredAlone } from "../alone.ts";

test.skipIf(process.platform !== "linux")(
  "pages that are released are no longer resident, and come back as zeros",
  () => {
    const { releasedBytes, ends } = measuredAlone<{ releasedBytes: number; ends: number[] }>(
      "test/platform/release-pages.ts",
    );
    expect(releasedBytes).toBeGreaterThan(40 * 2 ** 20);
    expect(ends).toEqual([7, 0, 0, 7]);
  },
);
