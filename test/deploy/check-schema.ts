/** As much of JSON Schema as the REST's own schemas use: gives what is wrong with a value, by path. */
type Schema = Readonly<Record<string, unknown>>;

export function checkSchema(
  schema: Schema,
  value: unknown,
  named: Readonly<Record<string, Schema>>,
  path = "$",
): string[] {
  const known = ["$ref", "type", "properties", "required", "additionalProperties", "items", "description", "default"];
  const unknown = Object.keys(schema).filter(key => ![...known, "format", "pattern", "minimum", "oneOf"].includes(key));
  if (unknown.length > 0) throw new Error(`this check does not know ${unknown.join(", ")}`);
  const ref = schema["$ref"];
  if (typeof ref === "string") return checkSchema(named[ref.split("/").at(-1)!]!, value, named, path);
  const { type, format, pattern, items, minimum } = schema;
  if (type !== undefined && !hasType(type as string, value)) return [`${path} is no ${String(type)}`];
  const wrong: string[] = [];
  if (format === "date-time" && Number.isNaN(Date.parse(String(value)))) wrong.push(`${path} is no time`);
  if (pattern !== undefined && !new RegExp(String(pattern)).test(String(value)))
    wrong.push(`${path} is not ${String(pattern)}`);
  if (minimum !== undefined && Number(value) < Number(minimum)) wrong.push(`${path} is below ${String(minimum)}`);
  if (items !== undefined)
    for (const [index, item] of (value as unknown[]).entries())
      wrong.push(...checkSchema(items as Schema, item, named, `${path}[${index}]`));
  if (type !== "object") return wrong;
  const fields = value as Record<string, unknown>;
  const properties = (schema["properties"] ?? {}) as Record<string, Schema>;
  for (const name of (schema["required"] ?? []) as string[])
    if (!(name in fields)) wrong.push(`${path}.${name} is missing`);
  for (const [name, each] of Object.entries(fields)) {
    const own = properties[name];
    if (own !== undefined) wrong.push(...checkSchema(own, each, named, `${path}.${name}`));
    else if (schema["additionalProperties"] === false) wrong.push(`${path}.${name} is not described`);
  }
  return wrong;
}

function hasType(type: string, value: unknown): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
