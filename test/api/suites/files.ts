/** Files written and read back through the public API: codecs, formats, what is refused. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { SuiteTools } from "../suite.ts";

export default function files({ ctx, test, expect, same, failure, takeEvents, newFolder, file }: SuiteTools): void {
  const folder = newFolder();

  test("text is saved compressed, one file a partition, and read back", async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${(i * 7919) % 1009} é`);
    const rdd = ctx.parallelize(lines, 3);
    const [asGzip, asZstd] = [join(folder, "gzip"), join(folder, "zstd")];
    await rdd.saveAsTextFile(asGzip, "gzip");
    await rdd.saveAsTextFile(asZstd, { codec: "zstd", signal: new AbortController().signal });
    same(readdirSync(asGzip).sort(), ["_SUCCESS", "part-00000.gz", "part-00001.gz", "part-00002.gz"]);
    same(readdirSync(asZstd).sort(), ["_SUCCESS", "part-00000.zst", "part-00001.zst", "part-00002.zst"]);
    const first = lines.slice(0, 6666).join("\n") + "\n";
    expect(gunzipSync(readFileSync(join(asGzip, "part-00000.gz"))).toString()).toBe(first);
    expect(zstdDecompressSync(readFileSync(join(asZstd, "part-00000.zst"))).toString()).toBe(first);
    for (const path of [asGzip, asZstd]) {
      const back = ctx.textFile(path, 8);
      expect(back.numPartitions).toBe(3);
      same(await back.collect(), lines);
    }
  });

  test("empty partitions are empty files that any tool reads", async () => {
    const path = join(folder, "sparse");
    await ctx.parallelize(["x"], 3).saveAsTextFile(path, "gzip", {});
    same(
      [0, 1, 2].map(i => gunzipSync(readFileSync(join(path, `part-0000${i}.gz`))).toString()),
      ["", "", "x\n"],
    );
    same(await ctx.textFile(path).collect(), ["x"]);
  });

  test("a codec that there is not is refused at its line, before anything is made", async () => {
    takeEvents();
    const path = join(folder, "never");
    const error = await failure(() => ctx.range(3).saveAsTextFile(path, "gzipp" as "gzip"));
    expect([error.message, error.hint, error.at?.file]).toEqual([
      'unknown codec "gzipp"',
      'did you mean "gzip"?',
      file,
    ]);
    const read = await failure(() => ctx.range(3).saveAsTextFile(path, { codec: "bzip2" as "gzip" }));
    expect(read.message).toBe("bzip2 files can be read, but not written");
    expect([existsSync(path), takeEvents().length]).toEqual([false, 0]);
  });

  test("what the system refuses is told in words", async () => {
    const plain = join(folder, "plain.txt");
    const long = "x".repeat(300);
    writeFileSync(plain, "");
    const rows = ctx.range(3);
    const elsewhere = "write to another path";
    const refusals: [run: () => unknown, message: string, hint: string | undefined][] = [
      [
        () => ctx.setCheckpointDir(plain),
        `cannot write to the checkpoint directory ${plain}: it is a file, or a part of its path is one`,
        "give a folder that the driver and all executors can write to",
      ],
      [
        () => rows.saveAsTextFile(join(plain, "out")),
        `cannot create the output directory ${join(plain, "out")}: a part of the path is a file`,
        `remove it, or ${elsewhere}`,
      ],
      [
        () => rows.saveAsObjectFile("/proc/x"),
        "cannot create the output directory /proc/x: no folder can be made there",
        elsewhere,
      ],
      [
        () => rows.saveAsTextFile(long),
        `cannot create the output directory ${long}: the name is too long`,
        "give it a shorter name",
      ],
      [
        () => rows.saveAsTextFile("a\0b"),
        "cannot create the output directory a\0b: a path cannot have a null character",
        elsewhere,
      ],
      [
        () => ctx.textFile("a\0b").count(),
        `cannot read ${join(process.cwd(), "a\0b")}: a path cannot have a null character`,
        undefined,
      ],
      [
        () => ctx.addFile("a\0b"),
        `addFile cannot send ${join(process.cwd(), "a\0b")}: a path cannot have a null character`,
        "check its path and rights; large files belong where all executors can read them",
      ],
      [() => ctx.addFile(5 as never), "addFile needs a path, but got 5", undefined],
      [
        () => ctx.addFile(plain + "/x"),
        `addFile cannot send ${plain}/x: a part of the path is a file`,
        "check its path and rights; large files belong where all executors can read them",
      ],
    ];
    for (const [run, message, hint] of refusals) {
      const error = await failure(run);
      expect([error.message, error.at?.file]).toEqual([message, file]);
      if (hint !== undefined) expect(error.hint).toBe(hint);
    }
  });

  test("a save whose signal is aborted leaves nothing", async () => {
    const path = join(folder, "aborted");
    const error = await failure(() =>
      ctx.range(3).map(String).saveAsTextFile(path, "zstd", { signal: AbortSignal.abort() }),
    );
    expect([error.kind, existsSync(path)]).toEqual(["cancelled", false]);
  });

  test("compressed CSV and JSON are read as the plain ones are", async () => {
    const csv = "id,name\n" + Array.from({ length: 5000 }, (_, i) => `${i},"n,${i}"`).join("\n");
    const json = Array.from({ length: 5000 }, (_, i) => JSON.stringify({ id: i, name: `n,${i}` })).join("\n");
    const expected = Array.from({ length: 5000 }, (_, i) => ({ id: i, name: `n,${i}` }));
    for (const [extension, pack] of [
      ["gz", gzipSync],
      ["zst", zstdCompressSync],
    ] as const) {
      writeFileSync(join(folder, `a.csv.${extension}`), pack(csv));
      writeFileSync(join(folder, `a.json.${extension}`), pack(json));
      same(await ctx.csvFile(join(folder, `a.csv.${extension}`)).collect(), expected);
      same(await ctx.jsonFile(join(folder, `a.json.${extension}`)).collect(), expected);
    }
  });

  test("a compressed file that was cut short fails the job and says where", async () => {
    const whole = gzipSync(Array.from({ length: 50_000 }, (_, i) => `line ${(i * 7919) % 1009}`).join("\n"));
    const path = join(folder, "cut.gz");
    writeFileSync(path, whole.subarray(0, whole.length >> 1));
    const error = await failure(() => ctx.textFile(path).count());
    expect([error.kind, error.at?.file]).toEqual(["data", file]);
    expect(error.message).toContain(`broken gzip file ${path}: it ends at byte ${whole.length >> 1}, in the middle`);
  });

  test("wholeTextFiles gives each file with its path, in order, several a partition", async () => {
    const path = join(folder, "pages");
    mkdirSync(path);
    const pages = Array.from({ length: 10 }, (_, i) => [join(path, `p${i}.txt`), `page ${i}\né\r\n`] as const);
    for (const [name, text] of pages) writeFileSync(name, name.endsWith("p0.txt") ? `\ufeff${text}` : text);
    const rdd = ctx.wholeTextFiles(path, 3);
    same(await rdd.collect(), pages);
    same(
      (await rdd.glom().collect()).map(part => part.length),
      [4, 4, 2],
    );
    // a share is filled, so that one file that is longer than others leaves fewer partitions, as in Spark
    expect(ctx.wholeTextFiles(path, 10).numPartitions).toBe(6);
    expect(
      await rdd
        .mapValues(text => text.length)
        .values()
        .sum(),
    ).toBe(100);
    same(await rdd.filter(([name]) => name.endsWith("p3.txt")).collect(), [pages[3]]);
  });

  test("whole files are unpacked as text, and given as they are as bytes", async () => {
    const path = join(folder, "packed");
    mkdirSync(path);
    const [a, b, c] = [join(path, "a.gz"), join(path, "b.zst"), join(path, "c")];
    writeFileSync(a, gzipSync("first"));
    writeFileSync(b, zstdCompressSync("second"));
    writeFileSync(c, "");
    const text = ctx.wholeTextFiles(path, 1);
    same(await text.collect(), [
      [a, "first"],
      [b, "second"],
      [c, ""],
    ]);
    same(await text.mapPartitions(rows => [[...rows].length]).collect(), [3]);
    same(
      await ctx.binaryFiles(path, 2).collect(),
      [a, b, c].map(name => [name, new Uint8Array(readFileSync(name))]),
    );
  });

  test("a file that is too large for a row is refused, before the job or when it is unpacked", async () => {
    const error = await failure(() => ctx.wholeTextFiles(join(folder, "large")).count());
    expect([error.message, error.hint, error.at?.file]).toEqual([
      `no such file or directory: ${join(folder, "large")}`,
      undefined,
      file,
    ]);
    const bomb = join(folder, "bomb.gz");
    writeFileSync(bomb, gzipSync(Buffer.alloc(300 << 20)));
    const packed = await failure(() => ctx.wholeTextFiles(bomb).count());
    expect(packed.message).toContain(
      `${bomb} is too large for one row of wholeTextFiles: it has more once decompressed, and 1048576 is the most`,
    );
    expect(packed.hint).toBe("raise firesteel.files.maxFileBytes, or read it in pieces with textFile");
    const plain = join(folder, "plain.bin");
    writeFileSync(plain, Buffer.alloc(2 << 20));
    takeEvents();
    expect((await failure(() => ctx.binaryFiles(plain).count())).message).toBe(
      `${plain} is too large for one row of binaryFiles: it has 2097152 bytes, and 1048576 is the most`,
    );
    expect(takeEvents().some(event => event.type === "taskStarted")).toBe(false);
  });

  test("binaryRecords cuts files into records of one length", async () => {
    const path = join(folder, "fixed");
    const bytes = Buffer.from(Array.from({ length: 5 * 10_000 }, (_, i) => (i * 31) & 255));
    writeFileSync(path, bytes);
    writeFileSync(`${path}.gz`, gzipSync(bytes));
    const expected = Array.from({ length: 10_000 }, (_, i) => new Uint8Array(bytes.subarray(i * 5, i * 5 + 5)));
    for (const name of [path, `${path}.gz`]) same(await ctx.binaryRecords(name, 5).collect(), expected);
    same(
      await ctx
        .binaryRecords(path, 10_000)
        .map(record => record.buffer.byteLength)
        .collect(),
      [1e4, 1e4, 1e4, 1e4, 1e4],
    );
    const error = await failure(() => ctx.binaryRecords(path, 7).count());
    expect([error.message, error.hint, error.at?.file]).toEqual([
      `${path} does not hold whole records of 7 bytes: 6 of its 50000 bytes are left over`,
      "check the record length, and that the file is complete",
      file,
    ]);
    expect((await failure(() => ctx.binaryRecords(`${path}.gz`, 7).count())).message).toContain(
      `${path}.gz does not hold whole records of 7 bytes: 6 of its 50000 bytes are left over`,
    );
    expect((await failure(() => ctx.binaryRecords(path, 0.5))).message).toBe(
      "binaryRecords needs a record length of 1 … 1073741824 bytes, but got 0.5",
    );
  });

  test("object files keep values as they are, and partitions as they were", async () => {
    const path = join(folder, "objects");
    const rows = [
      ["a", 1],
      { list: [1n, null, undefined], at: new Date(0) },
      new Map([[{ k: 1 }, new Set(["x"])]]),
      new Float64Array([0.5, -0]),
      "\ud800é",
      -0,
      new URL("http://localhost/"),
    ];
    await ctx.parallelize<unknown>(rows, 3).saveAsObjectFile(path);
    same(readdirSync(path).sort(), ["_SUCCESS", "part-00000", "part-00001", "part-00002"]);
    same(await ctx.objectFile(path, 1).collect(), rows);
    same(
      (await ctx.objectFile(path, 1).glom().collect()).map(part => part.length),
      [2, 2, 3],
    );
  });

  test("a large object file is read by several partitions, as columns", async () => {
    const path = join(folder, "large-objects");
    const count = 200_000;
    const pairs = ctx.range(0, count, 1, 2).map(i => [`key ${i % 1000}`, i]);
    await pairs.saveAsObjectFile(path);
    const back = ctx.objectFile<[string, number]>(path, 12);
    expect(back.numPartitions).toBeGreaterThan(11);
    expect(await back.count()).toBe(count);
    expect(await back.values().sum()).toBe((count * (count - 1)) / 2);
    same(
      await back.filter(([, i]) => i % 40_000 === 7).collect(),
      await pairs.filter(([, i]) => i % 40_000 === 7).collect(),
    );
    const counts = await back
      .mapValues(() => 1)
      .reduceByKey((a, b) => a + b)
      .values()
      .distinct()
      .collect();
    same(counts, [200]);
  });

  test("the same rows are the same bytes, whatever they came through", async () => {
    const rows = ctx.range(0, 30_000, 1, 4).map(i => [i % 100, `value ${i}`]);
    await rows.sortByKey(true, 3).saveAsObjectFile(join(folder, "sorted-1"));
    await rows
      .sortByKey(true, 3)
      .map(row => row)
      .cache()
      .saveAsObjectFile(join(folder, "sorted-2"));
    for (const part of ["part-00000", "part-00001", "part-00002"])
      expect(readFileSync(join(folder, "sorted-1", part)).equals(readFileSync(join(folder, "sorted-2", part)))).toBe(
        true,
      );
  });

  test("instances of the job's own classes are refused, naming the class", async () => {
    const path = join(folder, "instances");
    const error = await failure(() =>
      ctx
        .range(4)
        .map(i => ({ point: new Point(i) }))
        .saveAsObjectFile(path),
    );
    expect(error.message).toContain(
      "a row holds an instance of the job's class Point, which no other job would read as one",
    );
    expect([error.kind, error.hint, existsSync(path)]).toEqual([
      "user",
      "save plain values, for example map(row => ({ ...row })), and make instances of what is read",
      false,
    ]);
  });

  test("CSV with escapes, comments and texts for null is read in every mode", async () => {
    const path = join(folder, "odd.csv");
    writeFileSync(path, 'a,b\n# none\n1,"say \\"x\\""\nNA,y\nthree,z\n4\n');
    const options = { escape: "\\", comment: "#", nullValue: "NA", schema: { a: "number" } } as const;
    const good = [
      { a: 1, b: 'say "x"' },
      { a: null, b: "y" },
    ];
    same(await ctx.csvFile(path, { ...options, mode: "drop" }).collect(), good);
    same(await ctx.csvFile(path, { ...options, mode: "permissive", corruptRecord: "text" }).collect(), [
      ...good.map(row => ({ ...row, text: null })),
      { a: null, b: "z", text: "three,z" },
      { a: 4, b: null, text: "4" },
    ]);
    const error = await failure(() => ctx.csvFile(path, options).collect());
    // where each is in a partition of its own, either task may be the first that fails
    const either = [
      'at line 5, column 1 (byte 30): column "a" has "three", which is not a number',
      "at line 6, column 1 (byte 38): a record has 1 field instead of 2",
    ];
    expect(either.map(problem => `malformed CSV in ${path} ${problem}`)).toContain(
      error.message.replace(/^task \d of stage .*? failed: /, ""),
    );
  });

  test("JSON with a schema, over several lines, in every mode", async () => {
    const path = join(folder, "odd.json");
    writeFileSync(path, '[{"n": 1,\n"s": "x"},\n {"n": "2"}, 3]');
    const schema = { n: "number", s: "string" } as const;
    same(await ctx.jsonFile(path, { schema, multiLine: true, mode: "drop" }).collect(), [{ n: 1, s: "x" }]);
    same(await ctx.jsonFile(path, { schema, mode: "permissive", corruptRecord: "text" }).collect(), [
      { n: 1, s: "x", text: null },
      { n: null, s: null, text: '{"n": "2"}' },
      { n: null, s: null, text: "3" },
    ]);
    const error = await failure(() => ctx.jsonFile(path, { schema }).collect());
    expect(error.message).toContain(`malformed JSON in ${path} at line 3, column 2 (byte 22): property "n" is "2"`);
  });

  test("damaged and foreign object files fail the job, naming file and byte", async () => {
    const path = join(folder, "to-damage");
    await ctx.parallelize(["some", "rows"], 1).saveAsObjectFile(path);
    const part = join(path, "part-00000");
    const whole = readFileSync(part);
    const readsAs = async (bytes: Uint8Array) => {
      writeFileSync(part, bytes);
      return (await failure(() => ctx.objectFile(path).collect())).message;
    };
    const changed = Buffer.from(whole);
    changed[60]! ^= 1;
    expect(await readsAs(changed)).toContain(
      `broken object file ${part}: the checksum of a batch does not match, at byte 16`,
    );
    expect(await readsAs(whole.subarray(0, 70))).toContain(
      `broken object file ${part}: it ends at byte 70, before its index`,
    );
    expect(await readsAs(Buffer.from("some text"))).toContain(`${part} is no object file: it does not begin as one`);
  });
}

class Point {
  constructor(readonly x: number) {}
}
