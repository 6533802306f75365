import { expect, test } from "bun:test";
import { Config, settingsLayer } from "../../src/base/config.ts";
import { localityWaits } from "../../src/schedule/locality-waits.ts";

const waits = (settings: Record<string, string>) =>
  localityWaits(Config.from([settingsLayer("test", settings)], { cores: 1, memoryBytes: 2 ** 30 }));

test("a level's own key wins over the common one, which wins over 3 s", () => {
  expect(waits({})).toEqual({ processMs: 3000, nodeMs: 3000 });
  expect(waits({ "firesteel.locality.wait": "1s" })).toEqual({ processMs: 1000, nodeMs: 1000 });
  expect(waits({ "firesteel.locality.wait": "0s", "firesteel.locality.wait.process": "50ms" })).toEqual({
    processMs: 50,
    nodeMs: 0,
  });
});
