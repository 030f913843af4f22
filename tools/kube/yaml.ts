// Reads YAML and JSON as kubectl does, which differs from YAML 1.2 in many small ways. A test compares it with kubectl.
import {
  Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type YAMLMap,
} from 'yaml'
import { kubectlTags } from './yaml-scalars.ts'
import { type Part, splitDocuments } from './yaml-split.ts'

/** A document, or an item of a List in it. */
export type YamlDocument = {
  document: Document
  /** The node in `document` that makes `content`. */
  root: unknown
  lines: LineCounter
  /** The lines before the document, if it is part of a larger file. */
  before: number
  content: unknown
  /** Why kubectl does not read the document, or not all of it. */
  error?: { line: number; message: string } | undefined
}

const options = {
  schema: 'failsafe',
  customTags: kubectlTags,
  resolveKnownTags: false,
  merge: false,
  // kubectl takes the last one.
  uniqueKeys: false,
  prettyErrors: false,
} as const

/** What kubectl refuses, and the node. */
class Refusal extends Error {
  readonly node: unknown

  constructor(message: string, node: unknown) {
    super(message)
    this.node = node
  }
}

/** Reads every document, the empty ones too. `before`: the lines before the text in its file. */
export function readYaml(text: string, before = 0): YamlDocument[] {
  return splitDocuments(text).map((part) => readPart({ ...part, before: before + part.before }))
}

/** Returns the content of the first document. Throws if kubectl does not read it. */
export function parseYaml(text: string): unknown {
  const [first] = readYaml(text)
  if (first?.error !== undefined) throw new Error(describeYamlError(first.error))
  return first?.content ?? null
}

export function describeYamlError({ line, message }: { line: number; message: string }): string {
  return `line ${line}: ${message}`
}

function readPart(part: Part): YamlDocument {
  const lines = new LineCounter()
  const found = [...parseAllDocuments(part.text, { ...options, lineCounter: lines })]
  const [document = new Document(null, options), ignored] = found
  const root: unknown = document.contents
  const source = { document, root, lines, before: part.before, content: null }
  if (part.json !== undefined) return { ...source, content: part.json }
  const stop = (message: string, offset = 0) => {
    const [summary = ''] = message.split('\n')
    const line = part.before + lines.linePos(Math.min(offset, part.text.trimEnd().length)).line
    return { ...source, error: { line, message: summary } }
  }
  if (part.error !== undefined) return stop(part.error)
  const [error] = [...document.errors, ...document.warnings.filter(isWrongType)]
  if (error !== undefined) return stop(error.message, error.pos[0])
  try {
    const content = toValue(root, document)
    if (ignored?.contents == null) return { ...source, content }
    const { error: rest } = stop(
      'kubectl ignores what follows "...". Write --- after it',
      ignored.range[0],
    )
    return { ...source, content, error: rest }
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown
    return stop(thrown.message, isNode(thrown.node) ? thrown.node.range?.[0] : undefined)
  }
}

/** The parser only warns of `!!int x`. */
function isWrongType({ message }: { message: string }): boolean {
  return /2002:(?:int|float|bool|null)$/.test(message)
}

function toValue(node: unknown, document: Document, open: readonly unknown[] = []): unknown {
  if (isAlias(node)) {
    const target = node.resolve(document)
    if (target === undefined) throw new Refusal(`there is no anchor ${node.source}`, node)
    if (open.includes(target)) throw new Refusal(`the anchor ${node.source} contains itself`, node)
    return toValue(target, document, open)
  }
  const inner = [...open, node]
  if (isSeq(node)) return node.items.map((item) => toValue(item, document, inner))
  if (isMap(node)) return Object.fromEntries(listEntries(node, document, inner))
  return isScalar(node) ? node.value : null
}

/** A merge overrides what is above it, unlike in YAML 1.2 and kustomize. */
function listEntries(map: YAMLMap, document: Document, open: readonly unknown[]) {
  return map.items.flatMap(({ key, value }): [string, unknown][] => {
    if (isScalar(key) && key.type === 'PLAIN' && key.source === '<<') {
      const merged = [toValue(value, document, open)].flat()
      return merged.toReversed().flatMap((each) => {
        if (isObject(each)) return Object.entries(each)
        throw new Refusal('only a map can be merged with <<', value)
      })
    }
    const name = toValue(key, document, open)
    if (name === null || typeof name === 'object') throw new Refusal('not a name', key)
    return [[String(name), toValue(value, document, open)]]
  })
}

/** Returns the items of a List, and of Lists in it. Returns a document of another kind as it is. */
export function listItems(source: YamlDocument): YamlDocument[] {
  const { content, root, document } = source
  if (!isObject(content) || !Array.isArray(content.items)) return [source]
  const { apiVersion, kind, items } = content
  if (typeof kind !== 'string' || !kind.endsWith('List')) return [source]
  const list = isMap(root) ? root.get('items', true) : undefined
  const nodes = isAlias(list) ? list.resolve(document) : list
  const common = { apiVersion, kind: kind.replace(/List$/, '') }
  return items.flatMap((item: unknown, index) => {
    const isTyped = !isObject(item) || 'kind' in item || 'apiVersion' in item
    return listItems({
      ...source,
      content: isTyped ? item : { ...common, ...item },
      root: isSeq(nodes) ? nodes.items[index] : root,
    })
  })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
