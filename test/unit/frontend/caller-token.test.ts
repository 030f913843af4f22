import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createTokenReader } from '../../../frontend/caller-token.ts'
import { AppError } from '../../../runtime/errors.ts'
import { makeFolder, makeVolume, mountEntries } from '../../support/folder.ts'
import { makeToken } from '../../support/services/caller-token.ts'

const later = makeToken(2_000)

test('reads the token, with or without a final newline', async () => {
  for (const content of [later, `${later}\n`]) {
    const folder = await makeVolume({ token: content })
    expect(createTokenReader(join(folder, 'token'), { now: () => 0 })()).toBe(later)
  }
})

test('reads the renewed token within a second', async () => {
  let now = 0
  const folder = await makeVolume({ token: later })
  const readToken = createTokenReader(join(folder, 'token'), { now: () => now })
  expect(readToken()).toBe(later)
  const renewed = makeToken(3_000)
  await mountEntries(folder, { token: renewed }, '2')
  now = 1_000
  expect(readToken()).toBe(renewed)
})

test('refuses the token when it expires, and not before', async () => {
  let now = 1_999_999
  const readToken = createTokenReader(join(await makeVolume({ token: later }), 'token'), {
    now: () => now,
  })
  expect(readToken()).toBe(later)
  now = 2_000_000
  expect(readToken).toThrow('the caller token has expired')
})

test('notices a missing file within a second', async () => {
  let now = 0
  const file = join(await makeFolder(), 'token')
  await writeFile(file, later)
  const readToken = createTokenReader(file, { now: () => now })
  expect(readToken()).toBe(later)
  await rm(file)
  now = 1_000
  expect(readToken).toThrow('the caller token cannot be read')
  await writeFile(file, later)
  expect(readToken()).toBe(later)
})

test('reports the expiry of each token once', async () => {
  const expiries: number[] = []
  const file = join(await makeVolume({ token: later }), 'token')
  const readToken = createTokenReader(file, { now: () => 0, onRead: (time) => expiries.push(time) })
  expect(expiries).toEqual([])
  readToken()
  readToken()
  expect(expiries).toEqual([2_000_000])
})

describe('refuses', () => {
  test.each([
    ['an empty file', '', 'is empty'],
    ['a newline', '\n', 'is empty'],
    ['text that is not a JWT', 'hunter2', 'is not a JWT'],
    ['a second header', `${later}\r\nx-injected: hunter2`, 'is not a JWT'],
    ['a JWT without claims', 'e30.hunter2.e30', 'has no valid expiry'],
    ['a JWT without expiry', makeToken(undefined), 'has no valid expiry'],
    ['a JWT whose expiry is not a number', makeToken('never'), 'has no valid expiry'],
  ])('%s, and does not quote it', async (_, token, reason) => {
    const file = join(await makeVolume({ token }), 'token')
    const readToken = createTokenReader(file)
    expect(readToken).toThrow(AppError)
    expect(readToken).toThrow(reason)
    expect(readToken).not.toThrow(/hunter2|run|tmp/)
  })

  test('a missing file', () => {
    expect(createTokenReader('/nowhere/token')).toThrow('cannot be read')
  })
})
