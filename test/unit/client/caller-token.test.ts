import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createCallerToken } from '../../../client/caller-token.ts'
import { SignerError } from '../../../client/signer-error.ts'
import { makeFolder, makeVolume, mountEntries } from '../../support/folder.ts'
import { makeToken } from '../../support/services/caller-token.ts'

const later = makeToken(2_000)

test('reads the token, with or without a final newline', async () => {
  for (const content of [later, `${later}\n`]) {
    const folder = await makeVolume({ token: content })
    expect(createCallerToken(join(folder, 'token'), { now: () => 0 }).read()).toBe(later)
  }
})

test('reads the renewed token within a second', async () => {
  let now = 0
  const folder = await makeVolume({ token: later })
  const { read: readToken } = createCallerToken(join(folder, 'token'), { now: () => now })
  expect(readToken()).toBe(later)
  const renewed = makeToken(3_000)
  await mountEntries(folder, { token: renewed }, '2')
  now = 1_000
  expect(readToken()).toBe(renewed)
})

test('refuses the token when it expires, and not before', async () => {
  let now = 1_999_999
  const { read: readToken } = createCallerToken(join(await makeVolume({ token: later }), 'token'), {
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
  const { read: readToken } = createCallerToken(file, { now: () => now })
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
  const { read: readToken } = createCallerToken(file, {
    now: () => 0,
    onRead: (time) => expiries.push(time),
  })
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
    const { read: readToken } = createCallerToken(file)
    expect(readToken).toThrow(SignerError)
    expect(readToken).toThrow(reason)
    expect(readToken).not.toThrow(/hunter2|run|tmp/)
  })

  test('a missing file', () => {
    expect(createCallerToken('/nowhere/token').read).toThrow('cannot be read')
  })
})

describe('a renewed token that the mesh refuses', () => {
  const renewed = makeToken(3_000)
  const again = makeToken(4_000)

  /** A reader whose file had `later` before it has `renewed`, with a clock in seconds. */
  async function makeRenewed() {
    let now = 0
    const folder = await makeVolume({ token: later })
    const token = createCallerToken(join(folder, 'token'), { now: () => now * 1_000 })
    token.read()
    let generation = 1
    const put = async (text: string, time: number) => {
      await mountEntries(folder, { token: text }, String(++generation))
      now = time
    }
    await put(renewed, 1)
    token.read()
    return {
      ...token,
      put,
      setTime: (time: number) => {
        now = time
      },
    }
  }

  test('gives way to the one before, until that expires', async () => {
    const { read, readNewest, refuse, setTime } = await makeRenewed()
    expect(read()).toBe(renewed)
    expect(refuse(renewed)).toBe(true)
    expect([read(), readNewest()]).toEqual([later, renewed])
    setTime(1_999)
    expect(read()).toBe(later)
    setTime(2_000)
    expect(read()).toBe(renewed)
    expect(refuse(renewed)).toBe(false)
  })

  test('is used again once the mesh accepts it', async () => {
    const { read, refuse, accept } = await makeRenewed()
    refuse(renewed)
    accept(later)
    expect(read()).toBe(later)
    accept(renewed)
    expect(read()).toBe(renewed)
  })

  test('is used again once the mesh refuses the one before', async () => {
    const { read, refuse } = await makeRenewed()
    refuse(renewed)
    expect(refuse(later)).toBe(true)
    expect(read()).toBe(renewed)
  })

  test('does not become the one before, when kubelet renews again', async () => {
    const { read, refuse, put } = await makeRenewed()
    refuse(renewed)
    await put(again, 2)
    expect(read()).toBe(again)
    expect(refuse(again)).toBe(true)
    expect(read()).toBe(later)
  })

  test('is no other token if there is none before it', async () => {
    const file = join(await makeVolume({ token: later }), 'token')
    const { read, refuse } = createCallerToken(file, { now: () => 0 })
    expect(refuse(read())).toBe(false)
    expect(read()).toBe(later)
  })

  test('may be replaced by the one before in the file', async () => {
    const { read, refuse, put } = await makeRenewed()
    refuse(renewed)
    await put(later, 2)
    expect(read()).toBe(later)
    expect(refuse(later)).toBe(false)
  })

  test('is not hidden: a missing file and an expired token are errors, whatever came before', async () => {
    const { read, refuse, put } = await makeRenewed()
    refuse(renewed)
    await put(makeToken(1), 2)
    expect(read).toThrow('has expired')
    await put('', 3)
    expect(read).toThrow('is empty')
  })

  test('survives a clock that is set back', async () => {
    const { read, refuse, setTime } = await makeRenewed()
    setTime(1_500)
    expect(read()).toBe(renewed)
    refuse(renewed)
    setTime(5)
    expect(read()).toBe(later)
  })
})
