/** Writes rows to a remote folder in each way that there is, and reads them back in each way that there is. */
import type { Context } from "firesteel";

export default async function main(ctx: Context, [folder = "", parquet = ""]: readonly string[]): Promise<void> {
  const rows = ctx.range(0, 5000, 1, 3).map(n => ({ n, word: `word ${n % 7}` }));
  await rows.saveAsObjectFile(`${folder}/objects`);
  const objects = ctx.objectFile<{ n: number; word: string }>(`${folder}/objects`, 8);
  console.log("objects", await objects.map(row => row.n).reduce((a, b) => a + b));

  await rows.saveAsTextFile(`${folder}/json`, { codec: "zstd" });
  const json = ctx.jsonFile<{ n: number; word: string }>(`${folder}/json`);
  console.log("json", await json.filter(row => row.word === "word 3").count());

  const lines = rows.map(row => `${row.n},"${row.word}\n"`);
  await ctx.parallelize(["n,word"], 1).union(lines).coalesce(1).saveAsTextFile(`${folder}/csv`);
  const csv = ctx.csvFile<{ n: number; word: string }>(`${folder}/csv/part-00000`);
  console.log("csv", csv.numPartitions > 1, await csv.map(row => row.n).reduce((a, b) => a + b));

  await lines.saveAsTextFile(`${folder}/gzip`, "gzip");
  const whole = await ctx.wholeTextFiles(`${folder}/gzip/part-*.gz`, 2).collect();
  console.log("whole", whole.map(([path, text]) => `${path.slice(folder.length)} ${text.length}`).join(" "));

  await ctx.parallelize(["abc", "def", "ghi"], 1).saveAsTextFile(`${folder}/records`);
  const records = ctx.binaryRecords(`${folder}/records/part-00000`, 4);
  console.log("records", await records.map(bytes => bytes[0]!).collect());
  const files = await ctx.binaryFiles(`${folder}/records`).collect();
  console.log("files", files.map(([path, bytes]) => `${path.slice(folder.length)} ${bytes.length}`).join(" "));

  if (parquet !== "") console.log("parquet", await ctx.parquetFile(parquet).count());
}
