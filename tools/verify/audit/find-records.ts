// Finds the records in a line of a log: as the signer wrote them, as text in a field of JSON, or parsed into fields of JSON.
import { parseJson } from '../../../runtime/json/parse-json.ts'
import { takeOutput } from './container-lines.ts'
import { type AuditRecord, formatRecord, readFields } from './record.ts'

/**
 * `line`: the line is the record. `text`: a field of JSON holds its text. `fields`: JSON has an object with its fields.
 * `isExact`: byte for byte what the signer writes. Only parts of a record are `damaged`.
 */
export type Found =
  | { form: 'line' | 'text' | 'fields'; isExact: boolean; record: AuditRecord }
  | { form: 'damaged' }

const marks = ['"event":"audit"', '"outcome":"', '"count":', '"instance":"', '"seq":', '"mac":"']
const fieldNames = ['outcome', 'count', 'instance', 'seq', 'mac'] as const
const ENOUGH = 3
/** Objects of log shippers are flat. Deeper ones are not searched. */
const MAX_DEPTH = 12

/** Returns the records in a line of a container's output. */
export function findRecords(text: string): Found[] {
  if (!/audit|mac|seq/.test(text)) return []
  const value = parseJson(text)
  if (!isObject(value)) return isLikeRecord(text.replaceAll('\\', '')) ? [{ form: 'damaged' }] : []
  return isRecord(value) ? [readRecord('line', value, text)] : searchJson(value)
}

/** Returns the records in JSON. If a shipper kept the text beside the fields, the text counts. */
function searchJson(value: object): Found[] {
  const found: Found[] = []
  collect(value, 0, found)
  const texts = found.filter(({ form }) => form !== 'fields')
  return texts.length > 0 ? texts : found
}

function collect(value: unknown, depth: number, found: Found[]): void {
  if (typeof value === 'string') {
    if (isLikeRecord(value)) found.push(readText(value))
  } else if (isObject(value) && depth < MAX_DEPTH) {
    if (isRecord(value)) found.push(readRecord('fields', value))
    else for (const each of Object.values(value)) collect(each, depth + 1, found)
  }
}

function readText(text: string): Found {
  const line = takeOutput(text.replace(/\r?\n$/, ''))
  const value = parseJson(line)
  return isObject(value) ? readRecord('text', value, line) : { form: 'damaged' }
}

function readRecord(form: 'line' | 'text' | 'fields', value: object, line?: string): Found {
  const record = readFields(value)
  if (record === undefined) return { form: 'damaged' }
  return { form, record, isExact: line !== undefined && formatRecord(record) === line }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** A record with one edited field is one, too. */
function isRecord(value: Record<string, unknown>): boolean {
  const named = fieldNames.filter((name) => Object.hasOwn(value, name)).length
  return named + Number(value.event === 'audit') >= ENOUGH
}

/** The same for text, of which the end or the beginning may be cut off. */
function isLikeRecord(text: string): boolean {
  const isBegun = text.startsWith('{"time":"') && text.includes('"event":"audit"')
  if (isBegun || /"mac":"[\w-]{24}"\}\s*$/.test(text)) return true
  return marks.filter((mark) => text.includes(mark)).length >= ENOUGH
}
