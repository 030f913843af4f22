// Commands in messages are for the application that the user works on.
import { afterEach, expect, test, vi } from 'vitest'
import { withConfig } from '../../../tools/cli/with-config.ts'

afterEach(() => vi.unstubAllEnvs())

test.each([
  ['Run `make deploy`.', 'Run `make deploy CONFIG=a/signing.yaml`.'],
  [
    'run `make undeploy DELETE_KEY=yes`',
    'run `make undeploy CONFIG=a/signing.yaml DELETE_KEY=yes`',
  ],
  ['Run make rotate-key.', 'Run make rotate-key CONFIG=a/signing.yaml.'],
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
