// Reads the text of signing.yaml. Finds all mistakes at once, each with its line, column and field.
import { type Document, isMap, isNode, isScalar, LineCounter, parseAllDocuments, visit } from 'yaml'
import type { z } from 'zod'
import { findClosest } from '../../cli/closest-name.ts'
import { describeField } from './json-schema.ts'
import { type SigningConfig, signingSchema } from './schema.ts'

/** `field`: for example "routes.0.method". Empty if the mistake is in the YAML itself. `problem`: what is wrong and what to do. */
export type Mistake = { line: number; column: number; field: string; problem: string }
/** Returns where a field is, for example "resources.0": "LINE:COLUMN", or "FILE:LINE:COLUMN" where the file is known. */
export type Place = (field: string) => string
type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/** Returns the configuration and where its fields are, or what is wrong with it. */
export function parseSigningConfig(
  text: string,
): { config: SigningConfig; place: Place } | { mistakes: Mistake[] } {
  const lines = new LineCounter()
  const found = parseAllDocuments(text.replace(/^\uFEFF/, ''), {
    lineCounter: lines,
    prettyErrors: false,
  })
  const documents = 'empty' in found ? [] : found
  const at = (offset: number, problem: string, field = ''): Mistake => {
    const { line, col } = lines.linePos(Math.min(offset, text.trimEnd().length))
    return { line: Math.max(line, 1), column: Math.max(col, 1), field, problem }
  }
  const [document, second] = documents
  if (document === undefined || (document.errors.length === 0 && isNothing(document.contents))) {
    return {
      mistakes: [at(0, 'the file is empty. Write `namespace:` and the other fields into it')],
    }
  }
  const errors = documents.flatMap((each) => [...each.errors, ...each.warnings])
  if (errors.length > 0) {
    return { mistakes: errors.map(({ pos, message }) => at(pos[0], explainYaml(message))) }
  }
  if (second !== undefined) {
    const [offset = 0] = second.contents === null ? second.range : (second.contents.range ?? [])
    return {
      mistakes: [at(offset, 'a second document begins here. Keep one file for each application')],
    }
  }
  const refused = listRefusedNodes(document).map(([offset, problem]) => at(offset, problem))
  if (refused.length > 0) return { mistakes: refused }
  const parsed = signingSchema.safeParse(document.toJS(), { reportInput: true })
  if (parsed.success) {
    const place: Place = (field) => {
      const path = field.split('.').map((key) => (/^\d+$/.test(key) ? Number(key) : key))
      const { line, column } = at(locate(document, path, undefined), '')
      return `${line}:${column}`
    }
    return { config: parsed.data, place }
  }
  const mistakes = parsed.error.issues.flatMap(explain).map(({ path, key, problem }) => {
    const field = [...path, ...(key === undefined ? [] : [key])].join('.')
    return at(locate(document, path, key), problem, field)
  })
  return { mistakes: mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column) }
}

function isNothing(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null)
}

/** A small file needs no anchors, and an error could not name the line of what they repeat. */
function listRefusedNodes(document: Document): [number, string][] {
  const refused: [number, string][] = []
  visit(document, {
    Alias: (_, { source, range }) => {
      refused.push([
        range?.[0] ?? 0,
        `the alias *${source} is not supported. Write the value itself`,
      ])
    },
    Value: (_, { anchor, range }) => {
      if (anchor === undefined) return
      refused.push([range?.[0] ?? 0, `the anchor &${anchor} is not supported. Leave it out`])
    },
    Pair: (_, { key }) => {
      if (isScalar(key) && typeof key.value === 'string') return
      const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0
      refused.push([offset, 'the name of a field must be text. Put it in quotes'])
    },
  })
  return refused
}

function explainYaml(message: string): string {
  const [first = ''] = message.split('\n')
  if (/tab/i.test(first)) return `${first}. Indent with spaces`
  if (first.startsWith('Map keys must be unique'))
    return 'the field is there twice. Keep one of them'
  return `${first}. Correct the YAML`
}

type Explained = { path: Path; key?: string; problem: string }

/** `key`: a field that must not be there. */
function explain(issue: Issue): Explained[] {
  const { path } = issue
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ path, key, problem: explainUnknown(path, key) }))
    case 'invalid_key':
      return issue.issues.map(({ message }) => ({ path, problem: message }))
    case 'invalid_value':
      return [{ path, problem: explainValue(issue) }]
    case 'invalid_type':
      return [{ path, problem: explainType(issue) }]
    case 'invalid_union':
      return [{ path, problem: 'must be text, a number, true, false, a list or a map' }]
    default:
      return [{ path, problem: issue.message }]
  }
}

function explainUnknown(path: Path, key: string): string {
  const known = Object.keys(describeField(path).properties ?? {})
  return `there is no such field. Use ${findClosest(key, known)}, or one of ${known.join(', ')}`
}

function explainValue(issue: Issue & { code: 'invalid_value' }): string {
  const known = issue.values.map(String)
  if (issue.input == null) return explainMissing(issue.path)
  const text = String(issue.input)
  const closest =
    [text, text.toUpperCase()].find((each) => known.includes(each)) ?? findClosest(text, known)
  return `"${text}" does not exist. Use ${closest}, or one of ${known.join(', ')}`
}

function explainType({ expected, input, path }: Issue & { code: 'invalid_type' }): string {
  if (input == null) return explainMissing(path)
  const wanted = typeNames[expected] ?? expected
  const given = Array.isArray(input) ? 'a list' : (typeNames[typeof input] ?? typeof input)
  const isScalarForText = expected === 'string' && typeof input !== 'object'
  return `must be ${wanted}, not ${given}${isScalarForText ? '. Put it in quotes' : ''}`
}

function explainMissing(path: Path): string {
  return `is missing. ${describeField(path).description ?? 'Give a value'}`
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of fields',
  record: 'a map of fields',
}

/** Returns where the field is, or the nearest thing around it that is there. */
function locate(document: Document, path: Path, key: string | undefined): number {
  if (key !== undefined) {
    const map = path.length === 0 ? document.contents : document.getIn(path, true)
    const pair = isMap(map)
      ? map.items.find((each) => isScalar(each.key) && each.key.value === key)
      : undefined
    if (isNode(pair?.key)) return pair.key.range?.[0] ?? 0
  }
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0
}
