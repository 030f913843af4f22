// Commands in messages are for the application that the user works on.
import { afterEach, expect, test, vi } from 'vitest'
import { withConfig } from '../../../tools/cli/with-config.ts'
import { closingTexts } from '../../../tools/deploy/rotation/closing-texts.ts'

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
