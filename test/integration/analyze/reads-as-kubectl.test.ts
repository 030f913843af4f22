// kubectl is the reference: it prints what it reads, without a cluster. analyze must see the same values.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tryRun } from '../../../tools/cli/exec.ts'
import { listItems, readYaml } from '../../../tools/kube/yaml.ts'
import { decodeText } from '../../../tools/kube/yaml-split.ts'
import { makeFolder } from '../../support/folder.ts'

const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {a: b}}\n'
const second = head.replace('name: a', 'name: b')

/** Returns what kubectl reads before it stops, and whether it stops. */
async function askKubectl(text: string | Uint8Array) {
  const file = join(await makeFolder(), 'resources.yaml')
  await writeFile(file, text)
  const args = ['annotate', '--local', '-f', file, '-o', 'json', 'absent-']
  const env = { ...process.env, KUBECONFIG: '/nonexistent' }
  const { code, stdout } = await tryRun('kubectl', args, { env })
  const printed = stdout.split(/(?<=^\}\n)(?=\{)/m).filter((each) => each !== '')
  return { stops: code !== 0, read: printed.map((each): unknown => JSON.parse(each)) }
}

/** Returns the same of this project. */
function readHere(text: string | Uint8Array) {
  const documents = readYaml(decodeText(Buffer.from(text)))
  const end = documents.findIndex(({ error }) => error !== undefined)
  const read = end < 0 ? documents : documents.slice(0, end)
  return {
    stops: end >= 0,
    read: read.flatMap(listItems).flatMap(({ content }) => content ?? []),
  }
}

const inEncoding = (encoding: 'utf-8' | 'utf-16le' | 'utf-16be', text: string) => {
  const bytes = Buffer.from(`\ufeff${text}`, encoding === 'utf-8' ? 'utf-8' : 'utf-16le')
  return encoding === 'utf-16be' ? bytes.swap16() : bytes
}
const base = 'base: &b {x: 1, z: 9}\nother: &c {x: 3, y: 4}\n'

test.each<[string, string | Uint8Array]>([
  ['several documents', `${head}---\n${second}`],
  ['empty documents, comments and null', `# c\n---\n# d\n---\n\n---\nnull\n---\n${head}---\n`],
  ['a comment behind the separator', `${head}--- # next\n${second}`],
  ['no line break at the end', `${head}data:\n  a: |\n    x`],
  [
    'CRLF',
    `${head}data:\n  a: |\n    x\n    y\n  b: "p\n    q"\n---\n${second}`.replaceAll('\n', '\r\n'),
  ],
  ['a byte order mark', inEncoding('utf-8', head)],
  ['UTF-16, little endian', inEncoding('utf-16le', `${head}---\n${second}`)],
  ['UTF-16, big endian', inEncoding('utf-16be', `${head}---\n${second}`)],
  ['the end marker', `${head}...\n---\n${second}`],
  [
    'JSON',
    JSON.stringify(
      { apiVersion: 'v1', kind: 'A', metadata: { name: 'a', annotations: { a: '}"{' } } },
      null,
      '\t',
    ),
  ],
  [
    'a stream of JSON',
    ['a', 'b', 'c']
      .map((name) =>
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'A',
          metadata: { name, annotations: { a: 'b' } },
        }),
      )
      .join(''),
  ],
  [
    'JSON, then YAML',
    `{"apiVersion":"v1","kind":"A","metadata":{"name":"a","annotations":{"a":"b"}}}\n---\n${second}`,
  ],
  [
    'YAML in braces',
    '{apiVersion: v1, kind: A, metadata: {name: a, annotations: {a: b}}, data: {on: off}}',
  ],
  [
    'a List',
    `apiVersion: v1\nkind: List\nitems:\n- ${head.trim().replaceAll('\n', '\n  ')}\n- {apiVersion: v1, kind: B, metadata: {name: b, annotations: {a: b}}}\n`,
  ],
  [
    'a List of one kind',
    'apiVersion: v1\nkind: BList\nitems: [{metadata: {name: b, annotations: {a: b}}}]\n',
  ],
  ['an empty List', 'apiVersion: v1\nkind: List\nitems: []\n'],
  ['a key twice', `${head}data: {a: 1, a: 2}\n`],
  ['an anchor', `${head}base: &b {x: on}\ndata: *b\n`],
  ['a merge before other keys', `${head}${base}data: {<<: *b, x: 2}\n`],
  ['a merge after other keys', `${head}${base}data: {x: 2, <<: *b}\n`],
  ['a merge of two maps', `${head}${base}data: {<<: [*b, *c]}\n`],
  ['a quoted merge key', `${head}data: {"<<": 1}\n`],
  [
    'keys that are no text',
    `${head}data: {on: 1, n: 2, 0x10: 3, 0444: 4, 1.5: 5, 2001-12-14: 6}\n`,
  ],
  [
    'tags',
    `${head}data: [!!bool yes, !!str 5, ! 5, !!float 1, !!int 0444, !!timestamp 2001-12-14, !!binary aGk=, !x 1, !!str on]\n`,
  ],
  [
    'quoted and block scalars',
    `${head}data: ["yes", 'off', "0444", "1e3", "~"]\nmore: |\n  yes\nfold: >\n  on\n`,
  ],
  ['a plain scalar of two lines', `${head}data:\n  a: yes\n    no\n`],
  ['tabs as spaces', `${head}data:\n  a:\tyes\t# c\n`],
  ['an empty value', `${head}data:\n  a:\n  b: ~\n  c: ""\n`],
  ['__proto__ as a key', `${head}data: {__proto__: {a: 1}}\n`],
  ['what kubectl get prints', `${head.replace('}\n', ', creationTimestamp: null}\n')}status: {}\n`],
])('reads %s as kubectl does', async (_, text) => {
  const expected = await askKubectl(text)
  expect(readHere(text)).toEqual(expected)
  expect(expected.stops).toBe(false)
})

test.each([
  ['a directive', `%YAML 1.1\n---\n${head}`],
  ['content behind the separator', `${head}--- {a: 1}\n${second}`],
  ['a tab as indentation', `${head}data:\n\ta: x\n`],
  ['infinity', `${head}data: {a: .inf}\n`],
  ['not a number', `${head}data: {a: .NaN}\n`],
  ['null as a key', `${head}data: {~: x}\n`],
  ['a map as a key', `${head}data:\n  ? {a: 1}\n  : 2\n`],
  ['a tag that does not fit', `${head}data: {a: !!int x}\n`],
  ['an anchor in itself', `${head}data: &a {b: *a}\n`],
  ['an unknown anchor', `${head}data: {b: *a}\n`],
  ['a merge of a scalar', `${head}data: {<<: 1}\n`],
  ['a missing bracket', `${head}data: {a: 1\n`],
  ['JSON, then anything', '{"a":1}{"a":2}\nfoo'],
])('stops at %s as kubectl does', async (_, text) => {
  expect((await askKubectl(text)).stops).toBe(true)
  expect(readHere(text).stops).toBe(true)
})

test('names the line of what kubectl leaves out without a word', () => {
  const [first] = readYaml(`${head}...\nkind: Lost\n`)
  expect(first?.content).toMatchObject({ kind: 'ConfigMap' })
  expect(first?.error).toMatchObject({ line: 5 })
})

describe('scalars', () => {
  const words = ['y', 'yes', 'on', 'true', 'n', 'no', 'off', 'false', 'null', '~']
  const cases = words.flatMap((word) => [
    word,
    word.toUpperCase(),
    word[0]?.toUpperCase() + word.slice(1),
    `${word}s`,
    `.${word}`,
  ])
  const numbers = [
    ...['0444', '0o444', '0O17', '08', '0_8', '00', '-017', '+017', '0x1F', '0X1f', '-0x1F', '0xg'],
    ...['0b101', '0B1', '-0b11', '0b2', '1_000', '1__0_', '1_000.5', '_1', '1:30', '190:20:30.15'],
    ...[
      '1e3',
      '1E3',
      '1e+3',
      '1.e3',
      '1.',
      '.5',
      '-.5',
      '+.5',
      '.5_0',
      '.',
      '..',
      '1e',
      '1e400',
      '+',
      '--1',
    ],
    ...['12345678901', '9223372036854775808', '-9223372036854775809', '0xfffffffffffffffff'],
    ...[
      '2001-12-14',
      '2001-12-14T21:59:43Z',
      '2001-12-14 21:59:43',
      '1.2.3',
      '10.0.0.1',
      '1s',
      '5m',
      '1Gi',
      'inf',
      'nan',
      'Infinity',
      '1e-7',
      '0.1e1',
      '0.0',
      '-0',
      '0x',
      '0b',
      '0o',
    ],
  ]

  test.each([
    ['that look like booleans and null', cases],
    ['that look like numbers and dates', numbers],
    ['made at random', makeScalars(3_000)],
  ])('%s are what kubectl reads', async (_, scalars) => {
    const text = `${head}data:\n${scalars.map((each, index) => `  k${index}: ${each}\n`).join('')}`
    const { stops, read } = await askKubectl(text)
    expect(stops).toBe(false)
    const data = (found: unknown[]) =>
      Object.entries(Object(found[0]).data).map(([key, value]) => [
        scalars[Number(key.slice(1))],
        value,
      ])
    const sorted = (found: unknown[]) =>
      data(found)
        .toSorted()
        .map((each) => JSON.stringify(each))
    expect(sorted(readHere(text).read)).toEqual(sorted(read))
  })
})

/** Text of the characters of numbers and booleans. The same in each run. */
function makeScalars(count: number): string[] {
  const characters = '0012789xXoObBeE_+-.:aFyn'
  let seed = 20_261_129
  const next = (limit: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * limit)
  }
  const make = () =>
    Array.from({ length: 1 + next(6) }, () => characters[next(characters.length)]).join('')
  // A colon at the end makes a key, and a dash before a space a list.
  return Array.from({ length: count }, make).filter((each) => !/:$|^-$/.test(each))
}
