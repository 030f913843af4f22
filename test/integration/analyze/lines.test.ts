// From a path in a resource to the line in its source, and back. From kubectl's output to a path.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { parseErrors } from '../../../tools/analyze/schema.ts'
import { findPath, findPlace, readDocuments } from '../../../tools/analyze/source/source-file.ts'
import type { YamlDocument } from '../../../tools/kube/yaml.ts'
import { makeFolder } from '../../support/folder.ts'

const text = `# comment
kind: Deployment
spec:
  containers:
    - name: a
      env: [{name: U}, {name: V,
        value: z}]
    # between
    - name: b
      ports:
        - 1
        - 2
  more: &anchor
    deep: 1
  alias: *anchor
---
kind: Second
mode: 0444
names: [., 1s, "0444"]
`
const rendered = {
  spec: {
    containers: [
      { name: 'b', ports: [1, 2] },
      { name: 'a', env: [{ name: 'V', value: 'z' }] },
    ],
  },
}
let first: YamlDocument
let second: YamlDocument

beforeAll(async () => {
  const file = join(await makeFolder(), 'source.yaml')
  await writeFile(file, text)
  const [one, two] = await readDocuments(file)
  if (one === undefined || two === undefined) throw new Error('not two documents')
  first = one
  second = two
})

test.each([
  ['the resource itself', [], 2],
  ['a key', ['spec'], 3],
  ['an entry by its name, at any index', ['spec', 'containers', 0], 9],
  ['an entry without a name, by its index', ['spec', 'containers', 0, 'ports', 1], 12],
  ['a value in a list of one line', ['spec', 'containers', 1, 'env', 0, 'value'], 7],
  ['a missing entry: its list', ['spec', 'containers', 0, 'ports', 7], 10],
  ['a missing key: its parent', ['spec', 'containers', 1, 'image'], 5],
  ['the value of an alias', ['spec', 'alias', 'deep'], 14],
])('the line of %s', (_, path, line) => expect(findPlace(first, path, rendered).line).toBe(line))

test('the line of a second document', () => {
  expect(findPlace(second, ['mode'], {}).line).toBe(18)
})

test('reads a mode as octal, and a name as text', () => {
  expect(second.content).toEqual({
    kind: 'Second',
    mode: 0o444,
    names: ['.', '1s', '0444'],
  })
})

test.each([
  [3, ['spec']],
  [5, ['spec', 'containers', 0, 'name']],
  [12, ['spec', 'containers', 1, 'ports', 1]],
  [8, undefined],
  [17, undefined],
])('the path at line %i', (line, path) => expect(findPath(first, line)).toEqual(path))

const creating = 'error when creating "STDIN":'
const bad = `Error from server (BadRequest): ${creating} Sidecar in version "v1" cannot be handled as a Sidecar:`

test.each([
  [
    'unknown fields',
    `${bad} strict decoding error: unknown field "spec.foo", unknown field "spec.egress[0].bar"`,
    [
      ['spec', 'foo'],
      ['spec', 'egress', 0, 'bar'],
    ],
  ],
  [
    'a wrong type',
    `${bad} json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`,
    [['spec', 'replicas']],
  ],
  [
    'invalid values',
    'The Service "x" is invalid: \n* spec.type: Unsupported value: "N"\n* spec.ports[0].name: Invalid value: "U"',
    [
      ['spec', 'type'],
      ['spec', 'ports', 0, 'name'],
    ],
  ],
  [
    'one invalid value',
    'The Namespace "x" is invalid: metadata.labels: Invalid value: "b c": not a label',
    [['metadata', 'labels']],
  ],
  [
    'several values where one is allowed',
    'The X "x" is invalid: <nil>: Invalid value: "": "spec.http[0].uri" must validate one and only one schema',
    [['spec', 'http', 0, 'uri']],
  ],
  [
    'a validation rule',
    'The X "x" is invalid: \n* spec.mode: Unsupported value: "S"\n* <nil>: Invalid value: null: some validation rules were not checked',
    [['spec', 'mode']],
  ],
  [
    "a refusal of Istio's webhook, without a field",
    `Error from server: ${creating} admission webhook "validation.istio.io" denied the request: bad port (abc)`,
    [[]],
  ],
  [
    'an unknown kind',
    'error: resource mapping not found for name: "x": no matches for kind "Foo"\nensure CRDs are installed first',
    [[]],
  ],
])('reads the API server on %s', (_, output, paths) => {
  const found = parseErrors(output)
  expect(found.map(({ path }) => path)).toEqual(paths)
  for (const { message } of found) expect(message).not.toMatch(/^$|Error from server|STDIN|CRDs/)
})
