import { expect, test } from "bun:test";
import { plantedBugs } from "./planted.ts";
import { simulate } from "./world.ts";

const seedsMax = 400;

for (const { name, found, plant } of plantedBugs) {
  test(`the seeds find it when ${name}`, async () => {
    const takeOut = plant();
    let seed = 1;
    try {
      for (; seed <= seedsMax; seed++) {
        const broken = await simulate(seed).then(
          () => undefined,
          (error: Error) => error.message,
        );
        if (broken === undefined) continue;
        expect(broken.split("\n")[0]).toMatch(found);
        break;
      }
    } finally {
      takeOut();
    }
    expect(seed).toBeLessThanOrEqual(seedsMax);
    // without the bug the same seed keeps its promises
    await simulate(seed);
  }, 120_000);
}
