// The checks before a service starts.
import { describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import {
  EnvironmentError,
  integer,
  parseEnvironment,
  path,
  pathOrNone,
} from '../../../runtime/environment.ts'
import { createLog } from '../../../runtime/log.ts'
import { findVersionProblem } from '../../../runtime/node-version.ts'

describe('the environment', () => {
  const schema = z.object({ A_PATH: path, A_PORT: z._default(integer(1, 10), 3) })

  test('is parsed, with defaults, and frozen', () => {
    const parsed = parseEnvironment(schema, { A_PATH: '/run/a', OTHER: 'x' })
    expect(parsed).toEqual({ A_PATH: '/run/a', A_PORT: 3 })
    expect(Object.isFrozen(parsed)).toBe(true)
  })

  test('reports every problem, by name and never by value', () => {
    const parse = () => parseEnvironment(schema, { A_PATH: 'hunter2', A_PORT: '12345678' })
    expect(parse).toThrow(EnvironmentError)
    expect(parse).toThrow(/A_PATH: must be an absolute path; A_PORT: must be a whole number/)
    expect(parse).not.toThrow(/hunter2|12345678/)
  })

  test.each(['0', '11', '-1', '1.5', '1e1', ' 1', '', '0x1'])('allows no number %j', (A_PORT) => {
    expect(() => parseEnvironment(schema, { A_PATH: '/a', A_PORT })).toThrow(/^A_PORT: /)
  })

  const optional = z.object({ A_PATH: pathOrNone })
  test.each([
    ['/run/a', '/run/a'],
    ['none', undefined],
  ])('allows a path or the word none: %s', (A_PATH, parsed) => {
    expect(parseEnvironment(optional, { A_PATH })).toEqual({ A_PATH: parsed })
  })

  test.each([undefined, '', 'None', ' none', 'run/a', '/'])(
    'does not read %j as none',
    (A_PATH) => {
      expect(() => parseEnvironment(optional, { A_PATH })).toThrow(/^A_PATH: must be /)
    },
  )
})

describe('the version of Node', () => {
  test.each(['v24.14.1', 'v24.14.2', 'v24.21.0', 'v25.0.0', 'v100.0.0'])(
    '%s is supported',
    (version) => {
      expect(findVersionProblem(version)).toBeUndefined()
    },
  )

  test.each(['v24.14.0', 'v24.13.9', 'v24.2.0', 'v23.99.99', 'v22.22.0', 'v24.14.1-rc.1', ''])(
    '%s is refused',
    (version) => {
      expect(findVersionProblem(version)).toBe(
        `Node 24.14.1 or newer is required, found ${version}`,
      )
    },
  )
})

test('an event is always one line of JSON', () => {
  const lines: string[] = []
  const log = createLog(
    (line) => lines.push(line),
    () => 0,
  )
  log('info', 'started', { text: 'a\nb"}' })
  expect(lines).toEqual([
    '{"time":"1970-01-01T00:00:00.000Z","level":"info","event":"started","text":"a\\nb\\"}"}\n',
  ])
})
