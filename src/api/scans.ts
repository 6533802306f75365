/** Plans the files below a plan: paths to files, files to splits. Once per node, on the driver, when first needed. */
import type { Config } from "../base/config.ts";
import type { ConfigKey } from "../base/config-keys.ts";
import { FiresteelError } from "../base/errors.ts";
import { type FilesPlan, parentsOf, type Plan } from "../plan/nodes.ts";
import { planBinaryRecords } from "../sources/binary-records.ts";
import { planText } from "../sources/byte-splits.ts";
import type { Scan } from "../sources/contracts.ts";
import type { CsvOptions, JsonOptions, ParquetOptions } from "../sources/options.ts";
import { fileSettings } from "../sources/file-settings.ts";
import { planCsv } from "../sources/csv-plan.ts";
import { resolvePaths } from "../sources/input-files.ts";
import { planJson } from "../sources/json-plan.ts";
import { planObjects } from "../sources/object-reader.ts";
import { planParquet } from "../sources/parquet-plan.ts";
import { planWholeFiles } from "../sources/whole-files.ts";

const planned = new WeakSet<Plan>();

export function planScans(plan: Plan, config: Config): void {
  if (planned.has(plan)) return;
  if (plan.op === "files" && plan.scan === undefined) plan.scan = atOperator(plan, () => scan(plan, config));
  for (const parent of parentsOf(plan)) planScans(parent, config);
  planned.add(plan);
}

function scan(plan: FilesPlan, config: Config): Scan {
  const found = resolvePaths(plan.paths, () => fileSettings(key => config.get(key as ConfigKey)));
  const blockBytes = config.get("firesteel.files.maxPartitionBytes");
  const files = found.map(file => (file.blockBytes === undefined ? { ...file, blockBytes } : file));
  const maxFileBytes = config.get("firesteel.files.maxFileBytes");
  const options = { maxLineBytes: config.get("firesteel.text.maxLineBytes"), ...plan.options };
  switch (plan.format) {
    case "text":
      return planText(files, plan.minPartitions, options);
    case "csv":
      return planCsv(files, plan.minPartitions, options as CsvOptions);
    case "json":
      return planJson(files, plan.minPartitions, options as JsonOptions);
    case "wholeText":
      return planWholeFiles(files, plan.minPartitions, "text", maxFileBytes);
    case "wholeBytes":
      return planWholeFiles(files, plan.minPartitions, "bytes", maxFileBytes);
    case "records":
      return planBinaryRecords(files, plan.options["recordBytes"] as number);
    case "objects":
      return planObjects(files, plan.minPartitions);
    case "parquet":
      return planParquet(files, plan.options as ParquetOptions);
  }
}

/** Errors about an input name the line that asked for it. */
function atOperator<T>(plan: FilesPlan, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof FiresteelError) || error.at !== undefined || plan.at === undefined) throw error;
    throw new FiresteelError(error.kind, error.message, { hint: error.hint, at: plan.at, cause: error.cause });
  }
}
