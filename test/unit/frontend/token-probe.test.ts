// The readiness probe tries the newest token, and does not judge what it cannot tell.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createCallerToken } from '../../../client/caller-token.ts'
import { parseSignerUrl, type SignerTarget } from '../../../client/settings.ts'
import { createTokenProbe } from '../../../frontend/token-probe.ts'
import { makeVolume, mountEntries } from '../../support/folder.ts'
import { makeToken } from '../../support/services/caller-token.ts'
import { serve } from '../../support/services/http.ts'

const at = (url: URL | string) => parseSignerUrl(String(url)) as SignerTarget
const [first, second] = [makeToken(2_000), makeToken(3_000)]

/** A Pod whose proxy answers the probe with `answers`, by the token. Without an answer it closes the connection. */
async function makeProbe(answers: Record<string, number | undefined>) {
  let now = 0
  const folder = await makeVolume({ token: first })
  const callerToken = createCallerToken(join(folder, 'token'), { now: () => now })
  const tries: boolean[] = []
  const paths: unknown[] = []
  const url = await serve((incoming, outgoing) => {
    paths.push(`${incoming.method} ${incoming.url}`)
    const status = answers[String(incoming.headers['caller-token'])]
    if (status === undefined) incoming.socket.destroy()
    else outgoing.writeHead(status).end()
  })
  const onTry = (isRefused: boolean) => tries.push(isRefused)
  const probe = createTokenProbe({ target: at(url), timeoutMs: 1_000, callerToken, onTry })
  const renew = async () => {
    await mountEntries(folder, { token: second }, '2')
    now += 1_000
  }
  return { probe, tries, paths, callerToken, renew }
}

test('a Pod whose only token is refused is not ready', async () => {
  const answers = { [first]: 401 }
  const { probe, tries, paths } = await makeProbe(answers)
  await expect(probe()).rejects.toMatchObject({
    code: 'signer_unavailable',
    message: 'the proxy refuses the caller token (401)',
  })
  answers[first] = 200
  await probe()
  expect(tries).toEqual([true, false])
  expect(paths).toEqual(['GET /readyz', 'GET /readyz'])
})

test('a Pod with a token before the refused one is ready, and reports the refusal until it ends', async () => {
  const answers = { [first]: 200, [second]: 401 }
  const { probe, tries, callerToken, renew } = await makeProbe(answers)
  await probe()
  await renew()
  await probe()
  await probe()
  expect(tries).toEqual([false, true, true])
  expect(callerToken.read()).toBe(first)
  answers[second] = 200
  await probe()
  expect(tries).toEqual([false, true, true, false])
  expect(callerToken.read()).toBe(second)
})

test.each([403, 404, 500, 503, undefined])(
  'the answer %s says nothing about the token',
  async (status) => {
    const { probe, tries } = await makeProbe({ [first]: status })
    await probe()
    expect(tries).toEqual([])
  },
)

test('without a token the Pod is not ready', async () => {
  const callerToken = createCallerToken('/nowhere/token')
  const target = at('http://127.0.0.1:1/sign')
  const probe = createTokenProbe({ target, timeoutMs: 1_000, callerToken, onTry: () => {} })
  await expect(probe()).rejects.toMatchObject({ code: 'caller_token_unavailable' })
})
