/**
 * What a job would do, as text: its stages in the order in which they run, and in each the steps that rows pass, first to last,
 * with who does the work and where rows change between columns and JavaScript values. Only what the engine does is said.
 */
import { printModule } from "../codegen/print.ts";
import { formatPosition } from "../base/errors.ts";
import type { Action } from "../plan/action.ts";
import { isRowOperator } from "../operators/pipeline.ts";
import { type ExchangePlan, parentsOf, type Plan } from "../plan/nodes.ts";
import { isPacked, type StorageLevel } from "../plan/storage-level.ts";
import { foldOfAggregate, foldOfValues, RowTypes, type Verdict } from "./row-types.ts";
import { type ActionCall, callText, cutStages, type StagePlan, taskCount } from "./stages.ts";
import { type Form, type Work, workOf, workOfAction, workOfMapSide, workOfOutput } from "./work.ts";

const step = "  ";

/** The whole job of an action. */
export function explainAction(plan: Plan, action: Action, call: ActionCall): string {
  return [callText(call), ...explainStages(cutStages(plan, action, call), true).map(line => step + line)].join("\n");
}

/** A plan without an action. */
export function explainPlan(plan: Plan): string {
  return explainStages(cutStages(plan, { kind: "count" }, { operator: "", at: undefined }), false).join("\n");
}

/** The generated code of a plan's operators, as text to read: a function for each run of them between two breakers. */
export function explainCode(plan: Plan): string {
  const types = new RowTypes();
  const visit = (each: Plan): void => {
    types.typeOf(each);
    for (const parent of parentsOf(baseOf(each))) visit(parent);
  };
  visit(plan);
  const texts = types.generated.map(({ plans, module }) =>
    [...plans.map(each => `// ${titleOf(each)}`), printModule(module)].join("\n"),
  );
  return texts.length === 0
    ? "// no operator has generated code whose layout is known before the job runs"
    : texts.join("\n\n");
}

/** The last of the operators that are fused with one, from the top. */
function baseOf(plan: Plan): Plan {
  return isRowOperator(plan) && isRowOperator(plan.parent) && plan.parent.storage === undefined
    ? baseOf(plan.parent)
    : plan;
}

function explainStages(stages: readonly StagePlan[], withAction: boolean): string[] {
  const numbers = new Map(
    stages.flatMap((stage, i) => (stage.kind === "result" ? [] : [[stage.root.exchange as number, i] as const])),
  );
  const types = new RowTypes();
  return stages.flatMap((stage, i) => {
    const tasks = taskCount(stage);
    return [
      `Stage ${i}, ${tasks.toLocaleString("en")} ${tasks === 1 ? "task" : "tasks"}`,
      ...new StageText(numbers, types).linesOf(stage, withAction),
    ];
  });
}

class StageText {
  constructor(
    private readonly numbers: ReadonlyMap<number, number>,
    private readonly types: RowTypes,
  ) {}

  linesOf(stage: StagePlan, withAction: boolean): string[] {
    const lines: string[] = [];
    if (stage.kind === "result") {
      const form = this.visit(stage.root, step, lines);
      if (withAction)
        this.add(
          callText(stage.call),
          workOfAction(stage.action, stage.call.at, this.verdictOnAction(stage.action, stage.root, form)),
          form,
          step,
          lines,
        );
      return lines;
    }
    const { root } = stage;
    this.types.typeOf(root);
    let form = this.visit(root.parent, step, lines);
    const mapSide = root.op === "exchange" ? workOfMapSide(root, this.verdictOnMapSide(root)) : undefined;
    if (mapSide !== undefined) form = this.add(titleOf(root), mapSide, form, step, lines);
    this.add(
      root.op === "exchange" ? `shuffle of ${titleOf(root)}` : titleOf(root),
      workOfOutput(root),
      form,
      step,
      lines,
    );
    return lines;
  }

  /** Adds the lines of a plan's steps; gives the form in which its rows leave. */
  private visit(plan: Plan, indent: string, lines: string[]): Form {
    this.types.typeOf(plan);
    if (plan.op === "exchange" || plan.op === "probe") {
      lines.push(`${indent}read of stage ${this.numbers.get(plan.exchange)}`);
      return "columns";
    }
    const parents = parentsOf(plan).filter(parent => parent.op !== "probe");
    if (parents.length < 2) {
      const form = parents[0] === undefined ? "any" : this.visit(parents[0], indent, lines);
      return this.addPlan(plan, form, indent, lines);
    }
    const inputs = parents.map((parent, i): { readonly form: Form; readonly lines: string[] } => {
      const own = [`${indent}input ${i + 1}`];
      return { form: this.visit(parent, indent + step, own), lines: own };
    });
    const isOneForm = inputs.every(({ form }) => form === inputs[0]!.form);
    const form = isOneForm ? inputs[0]!.form : "any";
    const { takes } = workOf(plan, form, this.verdictOn(plan));
    for (const input of inputs) {
      lines.push(...input.lines);
      if (!isOneForm) pushConversion(input.form, takes, indent + step, lines);
    }
    return this.addPlan(plan, form, indent, lines);
  }

  private addPlan(plan: Plan, form: Form, indent: string, lines: string[]): Form {
    const gives = this.add(titleOf(plan), workOf(plan, form, this.verdictOn(plan)), form, indent, lines);
    if (plan.storage === undefined) return gives;
    if (gives === "rows") lines.push(`${indent}JavaScript rows become columns`);
    lines.push(`${indent}kept ${placeOf(plan.storage)} (${plan.storage.name}): computed once, read from there`);
    return "columns";
  }

  private verdictOn(plan: Plan): Verdict {
    if (plan.op === "foldPartition")
      return this.types.verdictOnReduction(plan.parent, { create: undefined, zero: plan.zero, merge: plan.fn });
    return plan.op === "aggregate"
      ? this.types.verdictOnFold(plan.parent, foldOfAggregate(plan))
      : this.types.verdictOn(plan);
  }

  private verdictOnMapSide({ mapSide, parent }: ExchangePlan): Verdict {
    if (mapSide?.kind !== "combine") return { kind: "byLayout" };
    return this.types.verdictOnFold(parent, foldOfValues(mapSide.combine));
  }

  private verdictOnAction(action: Action, root: Plan, form: Form): Verdict {
    if (action.kind === "sum")
      return form === "rows" ? { kind: "javascript", why: undefined } : this.types.verdictOnSum(root);
    if (action.kind !== "reduce" && action.kind !== "aggregate") return { kind: "byLayout" };
    if (form === "rows") return { kind: "javascript", why: undefined };
    const zero = action.kind === "aggregate" ? action.zero : undefined;
    return this.types.verdictOnReduction(root, { create: undefined, zero, merge: action.fn });
  }

  private add(title: string, { text, takes, gives }: Work, form: Form, indent: string, lines: string[]): Form {
    pushConversion(form, takes, indent, lines);
    lines.push(`${indent}${title}: ${text}`);
    return gives === "any" && takes === "any" ? form : gives;
  }
}

function pushConversion(form: Form, takes: Form, indent: string, lines: string[]): void {
  if (form === "columns" && takes === "rows") lines.push(`${indent}columns become JavaScript rows`);
  if (form === "rows" && takes === "columns") lines.push(`${indent}JavaScript rows become columns`);
}

function placeOf(level: StorageLevel): string {
  const how = isPacked(level) ? "compressed columns" : "columns";
  if (!level.memory) return `on disk as ${how}`;
  return `in memory as ${how}${level.disk ? ", on disk what has no room" : ""}`;
}

function titleOf(plan: Plan): string {
  const name = plan.name === undefined ? plan.operator : `${plan.name} ${plan.operator}`;
  return plan.at === undefined ? name : `${name} at ${formatPosition(plan.at)}`;
}
