/** Which variables a function assigns to, and whether its statements need to be run one after the other. */
import { child, eachChild, list, type Node, nameOf, part, unwrap } from "./ast.ts";
import { patternNames } from "./lambda-names.ts";

const assigned = new WeakMap<Node, ReadonlySet<string>>();

/** Names that are assigned to in a function, in those within it too: whichever variables they are. */
export function assignedNames(fn: Node): ReadonlySet<string> {
  let names = assigned.get(fn) as Set<string> | undefined;
  if (names !== undefined) return names;
  const found = (names = new Set<string>());
  const visit = (node: Node): void => {
    const target = assignmentTarget(node);
    if (target !== undefined) for (const name of patternNames(unwrap(target))) found.add(name);
    eachChild(node, visit);
  };
  visit(fn);
  assigned.set(fn, found);
  return found;
}

function assignmentTarget(node: Node): Node | undefined {
  if (node.type === "AssignmentExpression") return part(node, "left");
  if (node.type === "UpdateExpression") return part(node, "argument");
  const isLoop = node.type === "ForOfStatement" || node.type === "ForInStatement";
  const left = isLoop ? part(node, "left") : undefined;
  return left?.type === "VariableDeclaration" ? undefined : left;
}

const loops = new Set(["ForStatement", "ForOfStatement", "ForInStatement", "WhileStatement", "DoWhileStatement"]);

/** A loop or an assignment among statements, those of functions within left out. */
export function isImperative(statements: readonly Node[]): boolean {
  let found = false;
  const visit = (node: Node): void => {
    if (found || /Function|^Class/.test(node.type)) return;
    if (loops.has(node.type) || node.type === "AssignmentExpression" || node.type === "UpdateExpression") found = true;
    else eachChild(node, visit);
  };
  for (const each of statements) visit(each);
  return found;
}

/** Whether a statement always ends by returning or throwing. */
export function alwaysReturns(node: Node | undefined): boolean {
  if (node === undefined) return false;
  switch (node.type) {
    case "ReturnStatement":
    case "ThrowStatement":
      return true;
    case "BlockStatement":
      return list(node, "body").some(alwaysReturns);
    case "IfStatement":
      return alwaysReturns(child(node, "consequent")) && alwaysReturns(child(node, "alternate"));
    default:
      return false;
  }
}

/** A variable's name in `x = …`; what else is assigned to has none. */
export function assignedName(target: Node): string | undefined {
  const inner = unwrap(target);
  return inner.type === "Identifier" ? nameOf(inner) : undefined;
}
