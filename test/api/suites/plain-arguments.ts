/** What a Context and an Rdd are told beside rows: names, groups, ids, settings. What is of another type is refused at its line. */
import { Context, RangePartitioner } from "firesteel";
import { refusing } from "../refusing.ts";
import type { SuiteTools } from "../suite.ts";

export default function plainArguments(tools: SuiteTools): void {
  const { ctx, test, expect } = tools;
  const rows = ctx.range(0, 5, 1, 2);
  const wrong = (value: unknown) => value as never;

  const refuse = refusing(tools);
  const refuses = (operator: string, run: () => unknown, says: string, hint?: string) =>
    refuse(says, run, { operator, says, ...(hint !== undefined && { hint }) });

  const name = () => rows.setName(wrong(5)); // naming
  refuses("naming", name, "setName needs a text, but got 5");
  const explained = () => rows.explain(wrong("x")); // explaining
  refuses(
    "explaining",
    explained,
    'explain needs "codegen" or nothing, but got "x"',
    'explain() tells stages and operators, explain("codegen") the generated code',
  );
  const kept = () => (rows.cache as (level: unknown) => unknown)("DISK_ONLY"); // keeping
  refuses("keeping", kept, 'cache takes no storage level, but got "DISK_ONLY"', "persist(level) takes one");
  const freed = () => rows.unpersist(wrong(true)); // freeing as Spark has it
  refuses(
    "freeing as Spark has it",
    freed,
    "unpersist needs an object of options, but got true",
    "write unpersist({ blocking: true }) to wait until it is freed",
  );
  const misspelt = () => rows.unpersist(wrong({ blockng: true })); // misspelt
  refuses("misspelt", misspelt, 'unpersist has no option "blockng"', "did you mean blocking?");
  const waiting = () => rows.unpersist({ blocking: wrong("yes") }); // waiting
  refuses("waiting", waiting, 'unpersist needs true or false for blocking, but got "yes"');
  const directory = () => ctx.setCheckpointDir(wrong(undefined)); // directory
  refuses(
    "directory",
    directory,
    "setCheckpointDir needs a path, but got undefined",
    "give a folder; on a cluster, one that all machines share",
  );
  const downwards = () => new RangePartitioner(2, wrong(false)); // downwards
  refuses(
    "downwards",
    downwards,
    "RangePartitioner needs an object of options, but got false",
    "write new RangePartitioner(n, { ascending: false })",
  );

  jobs(tools, refuses);
  shared(tools, refuses);
  settings(refuses);

  test("what is refused changes nothing", async () => {
    expect([rows.name, ctx.getLocalProperty("firesteel.jobGroup.id"), ctx.getJobTags()]).toEqual([
      undefined,
      undefined,
      [],
    ]);
    expect(await rows.sum()).toBe(10);
  });
}

type Refuses = (operator: string, run: () => unknown, says: string, hint?: string) => void;

function jobs({ ctx }: SuiteTools, refuses: Refuses): void {
  const wrong = (value: unknown) => value as never;
  const active = "statusTracker().getActiveJobIds() gives those of running jobs";
  const job = () => ctx.cancelJob(wrong("a")); // a job
  refuses("a job", job, `cancelJob needs a job's id, but got "a"`, active);
  const none = () => ctx.cancelJob(ctx.statusTracker().getActiveJobIds()[7]!); // no job
  refuses("no job", none, "cancelJob needs a job's id, but got undefined", active);
  const because = () => ctx.cancelJob(1, wrong(new Error("late"))); // because
  refuses("because", because, "cancelJob needs text as its reason, but got Error: late");
  const stage = () => ctx.cancelStage(-1); // a stage
  refuses(
    "a stage",
    stage,
    "cancelStage needs a stage's id, but got -1",
    "statusTracker().getActiveStageIds() gives those of running stages",
  );
  const inGroup = () => ctx.setJobGroup(wrong(5)); // in a group
  refuses(
    "in a group",
    inGroup,
    "setJobGroup needs a group's name, but got 5",
    "clearJobGroup() takes jobs out of their group",
  );
  const described = () => ctx.setJobGroup("nightly", wrong(true)); // and described
  refuses(
    "and described",
    described,
    "setJobGroup needs text as the group's description, but got true",
    "leave it out for none",
  );
  const description = () => ctx.setJobDescription(wrong(undefined)); // description
  refuses(
    "description",
    description,
    "setJobDescription needs a text, but got undefined",
    "null takes the description away",
  );
  const group = () => ctx.cancelJobGroup(wrong(5)); // a group
  refuses(
    "a group",
    group,
    "cancelJobGroup needs a group's name, but got 5",
    "cancelAllJobs() cancels jobs of all groups and of none",
  );
  const tag = () => ctx.addJobTag(wrong(7n)); // a tag
  refuses("a tag", tag, "7n is no tag of a job: a tag is text without commas");
  const tagged = () => ctx.cancelJobsWithTag("slow", wrong(1)); // tagged
  refuses("tagged", tagged, "cancelJobsWithTag needs text as its reason, but got 1");
  const property = () => ctx.setLocalProperty("tenant", wrong(5)); // property
  refuses(
    "property",
    property,
    'a local property is a string, but "tenant" was given 5',
    "give String(value), or null to remove it",
  );
  const read = () => ctx.getLocalProperty(wrong(5)); // read
  refuses("read", read, "getLocalProperty needs a property's name, but got 5");
  const pool = () => ctx.getPoolForName(wrong(undefined)); // a pool
  refuses("a pool", pool, "getPoolForName needs a pool's name, but got undefined");
  const ofGroup = () => ctx.statusTracker().getJobIdsForGroup(wrong(null)); // of a group
  refuses(
    "of a group",
    ofGroup,
    "getJobIdsForGroup needs a group's name, but got null",
    "leave it out for the jobs that have no group",
  );
  const jobInfo = () => ctx.statusTracker().getJobInfo(wrong("0")); // of a job
  refuses(
    "of a job",
    jobInfo,
    `getJobInfo needs a job's id, but got "0"`,
    "getActiveJobIds() and getJobIdsForGroup() give ids",
  );
  const stageInfo = () => ctx.statusTracker().getStageInfo(0.5); // of a stage
  refuses(
    "of a stage",
    stageInfo,
    "getStageInfo needs a stage's id, but got 0.5",
    "getActiveStageIds() and a job's stageIds give ids",
  );
}

function shared({ ctx, test, expect }: SuiteTools, refuses: Refuses): void {
  const wrong = (value: unknown) => value as never;
  const files = () => ctx.addFile("a.txt", wrong("b.txt")); // two files
  refuses(
    "two files",
    files,
    'addFile needs true or false for recursive, but got "b.txt"',
    "true sends a folder; each file is a call of its own",
  );
  const beginning = () => ctx.longAccumulator(wrong(0)); // beginning
  refuses(
    "beginning",
    beginning,
    "longAccumulator needs text as its name, but got 0",
    "it begins at 0: ctx.accumulator(zero, merge) begins elsewhere",
  );
  const list = () => ctx.collectionAccumulator(wrong([])); // list
  refuses("list", list, "collectionAccumulator needs text as its name, but got []", "it begins empty");
  const sum = ctx.doubleAccumulator("sum");
  const text = () => sum.add(wrong("5")); // text
  refuses("text", text, 'a doubleAccumulator adds numbers, but got "5"', "Number(…) makes one of a text or a bigint");
  const inTasks = () => ctx.range(1).foreach(() => sum.add(undefined as never)); // in tasks
  refuses("in tasks", inTasks, "a doubleAccumulator adds numbers, but got undefined");
  test("a doubleAccumulator adds what is no number but of that type", async () => {
    const odd = ctx.doubleAccumulator();
    await ctx.range(2).foreach(i => odd.add(i === 0 ? Infinity : -Infinity));
    expect([sum.value, odd.value]).toEqual([0, NaN]);
  });
}

function settings(refuses: Refuses): void {
  const create = (options: unknown) => Context.create(options as never); // making
  refuses(
    "making",
    () => create("local[2]"),
    'Context.create needs an object of options, but got "local[2]"',
    'write Context.create({ master: "local[2]" })',
  );
  refuses("making", () => create({ mater: "local" }), 'Context.create has no option "mater"', "did you mean master?");
  refuses(
    "making",
    () => create({ numThreads: 2 }),
    'Context.create has no option "numThreads"',
    "its options are master, appName, conf",
  );
  refuses(
    "making",
    () => create({ master: 2 }),
    "Context.create needs text as its master, but got 2",
    'such as "local[2]" or "firesteel://host:7077"',
  );
  refuses("making", () => create({ appName: null }), "Context.create needs text as its appName, but got null");
  refuses(
    "making",
    () => create({ conf: ["firesteel.executor.memory=1g"] }),
    'Context.create needs an object of settings as its conf, but got ["firesteel.executor.memory=1g"]',
    'such as { "firesteel.executor.memory": "1g" }',
  );
  refuses(
    "making",
    () => create({ conf: { "firesteel.app.name": undefined } }),
    "Context.create needs text, a number or a boolean as firesteel.app.name, but got undefined",
    "leave the key out for its default",
  );
  refuses(
    "making",
    () => create({ conf: { "firesteel.files": ["a", "b"] } }),
    'Context.create needs text, a number or a boolean as firesteel.files, but got ["a","b"]',
    "write a list as one text, with commas",
  );
  const made = () => new (Context as unknown as new (options: unknown) => Context)({ master: "local" }); // new
  refuses("new", made, "a Context is not made with new", 'write await Context.create({ master: "local[2]" })');
  const getOrCreate = () => Context.getOrCreate({ appname: "a" } as never); // the active one
  refuses("the active one", getOrCreate, 'Context.getOrCreate has no option "appname"', "did you mean appName?");
}
