// Commands in messages are for the application and the cluster that the user works on.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { withConfig } from '../../../tools/cli/with-config.ts'
import { closingTexts } from '../../../tools/deploy/rotation/closing-texts.ts'

beforeEach(() => void vi.stubEnv('CLUSTER', undefined))
afterEach(() => vi.unstubAllEnvs())

test.each([
  ['Run `make deploy`.', 'Run `make deploy CONFIG=a/signing.yaml`.'],
  [
    'run `make undeploy DELETE_KEY=yes`',
    'run `make undeploy CONFIG=a/signing.yaml DELETE_KEY=yes`',
  ],
  ['Run make rotate-key.', 'Run make rotate-key CONFIG=a/signing.yaml.'],
  ['forget it && make rotate-key', 'forget it && make rotate-key CONFIG=a/signing.yaml'],
  [
    'left alone, because make deploy did not apply it',
    'left alone, because make deploy did not apply it',
  ],
  ['Run `make images PUSH=yes`.', 'Run `make images PUSH=yes`.'],
  ['Run `make deploy CONFIG=b`.', 'Run `make deploy CONFIG=b`.'],
])('%s', (text, expected) => {
  expect(withConfig(text)).toBe(text)
  vi.stubEnv('CONFIG', 'a/signing.yaml')
  expect(withConfig(text)).toBe(expected)
})

test.each([
  ['Run `make deploy`.', 'Run `make deploy CLUSTER=kind`.'],
  ['Run make thaw.', 'Run make thaw CLUSTER=kind.'],
  ['Run `make images`.', 'Run `make images`.'],
  ['Run `make up CLUSTER=kind`.', 'Run `make up CLUSTER=kind`.'],
])('on a kind cluster: %s', (text, expected) => {
  vi.stubEnv('CLUSTER', 'kind')
  expect(withConfig(text)).toBe(expected)
})

test('both variables are added', () => {
  vi.stubEnv('CLUSTER', 'kind')
  vi.stubEnv('CONFIG', 'a.yaml')
  expect(withConfig('Run `make smoke`.')).toBe('Run `make smoke CLUSTER=kind CONFIG=a.yaml`.')
})

test('every command that ends a rotation gets CONFIG', () => {
  vi.stubEnv('CONFIG', 'a/signing.yaml')
  const texts = Object.values(closingTexts).flatMap(({ first, kept, retired }) => [
    ...[first('new'), kept('new', 'old', 'then'), retired('old')],
  ])
  const commands = texts.flatMap((text) => withConfig(text).match(/make [a-z-]+ [^ ]+/g) ?? [])
  expect(commands).toEqual([
    'make rotate-key CONFIG=a/signing.yaml,',
    'make consumer-secret CONFIG=a/signing.yaml',
    'make consumer-secret CONFIG=a/signing.yaml',
    'make rotate-key CONFIG=a/signing.yaml',
  ])
})
