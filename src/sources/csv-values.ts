/** CSV fields as values of a column's type, and which type the fields of a sample have. */
import { FiresteelError } from "../base/errors.ts";
import type { CsvColumn } from "./contracts.ts";
import type { CsvType } from "./options.ts";
import type { CsvField } from "./csv-records.ts";

/** Reported by a converter; the reader knows the place. */
export class BadField extends Error {
  constructor(
    readonly column: string,
    readonly field: string,
    readonly wanted: CsvType,
  ) {
    super(
      `column ${JSON.stringify(column)} has ${JSON.stringify(field.length > 40 ? `${field.slice(0, 40)}…` : field)}, which is not a ${wanted}`,
    );
  }
}

/** Decimal notation; a leading zero or plus means an identifier, such as a postal code or a telephone number. */
const numberPattern = /^-?(?:0|[1-9]\d*)?(?:\.\d+|(?<=\d)\.?)(?:[eE][+-]?\d+)?$/;
const booleanPattern = /^(?:true|false)$/i;

export function inferType(fields: readonly CsvField[]): CsvType {
  const present = fields.filter(field => field !== null && field !== "") as string[];
  if (present.length === 0) return "string";
  if (present.every(field => booleanPattern.test(field))) return "boolean";
  if (present.every(field => numberPattern.test(field) && !losesDigits(field))) return "number";
  return "string";
}

/** Integers that a number cannot hold are identifiers too. */
function losesDigits(field: string): boolean {
  return /^[+-]?\d+$/.test(field) && !Number.isSafeInteger(Number(field));
}

/** The field as a value of the column's type; null for an empty one, and for `nullValue`. Throws `BadField`. */
export function convertField(field: CsvField, column: CsvColumn, nullValue?: string): unknown {
  if (field !== null && field === nullValue) return null;
  switch (column.type) {
    case "string":
      return field;
    case "number":
      return toNumber(field, column);
    case "boolean":
      return toBoolean(field, column);
    case "date":
      return toDate(field, column);
  }
}

function toNumber(field: CsvField, column: CsvColumn): number | null {
  if (field === null || field === "") return null;
  const value = +field;
  // Number reads blanks as 0 and knows other bases; a column of numbers has neither
  const isBlank = value === 0 && field.trim() === "";
  const isOtherBase = field.charCodeAt(1) > 57 && /^0[xob]/i.test(field);
  if (isBlank || isOtherBase || (Number.isNaN(value) && field !== "NaN"))
    throw new BadField(column.name, field, "number");
  return value;
}

function toBoolean(field: CsvField, column: CsvColumn): boolean | null {
  if (field === null || field === "") return null;
  if (!booleanPattern.test(field)) throw new BadField(column.name, field, "boolean");
  return field.length === 4;
}

function toDate(field: CsvField, column: CsvColumn): Date | null {
  if (field === null || field === "") return null;
  const value = new Date(field);
  if (Number.isNaN(value.getTime())) throw new BadField(column.name, field, "date");
  return value;
}

export function checkCsvType(column: string, type: CsvType): CsvType {
  if (type === "string" || type === "number" || type === "boolean" || type === "date") return type;
  throw new FiresteelError("user", `column ${JSON.stringify(column)} has the unknown type ${JSON.stringify(type)}`, {
    hint: "types are string, number, boolean and date",
  });
}
