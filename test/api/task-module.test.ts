/** What tasks import as "firesteel" has every name that the driver's module has, and refuses what belongs to the driver. */
import { expect, test } from "bun:test";
import { taskModule } from "../../src/api/task-module.ts";
import { FiresteelError } from "../../src/base/errors.ts";
import * as publicModule from "../../src/index.ts";

test("the two modules have the same names", () => {
  expect(Object.keys(taskModule).sort()).toEqual(Object.keys(publicModule).sort());
});

test("what belongs to the driver cannot be made in a task", () => {
  const { Context } = taskModule as unknown as typeof publicModule;
  expect(() => Context.create()).toThrow(new FiresteelError("user", "a Context cannot be made inside a task"));
  expect(() => Context.getOrCreate()).toThrow("a Context cannot be made inside a task");
  expect(() => new (taskModule["Rdd"] as new () => unknown)()).toThrow("an Rdd cannot be made inside a task");
});
