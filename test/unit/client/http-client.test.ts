// What the client sends a second time, and how much it reads. test/unit/frontend/signer-client.test.ts has the failures.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test } from 'vitest'
import { createSend } from '../../../client/http-client.ts'
import { serve } from '../../support/services/http.ts'

const request = { method: 'GET', path: '/', headers: {}, body: Buffer.alloc(0) }
const deadline = () => AbortSignal.timeout(5_000)

test('tries twice if nothing listens', async () => {
  let sockets = 0
  const count = () => void sockets++
  subscribe('net.client.socket', count)
  onTestFinished(() => void unsubscribe('net.client.socket', count))
  const send = createSend({ hostname: '127.0.0.1', port: '1' })
  await expect(send(request, deadline())).rejects.toMatchObject({ code: 'signer_unavailable' })
  expect(sockets).toBe(2)
})

test.each([
  [10, 'is answered'],
  [11, 'is refused'],
])('an answer of %i bytes %s, if the limit is 10', async (length, outcome) => {
  const url = await serve((_, outgoing) => outgoing.end('a'.repeat(length)))
  const answer = createSend({ hostname: url.hostname, port: url.port }, 10)(request, deadline())
  if (outcome === 'is answered') await expect(answer).resolves.toMatchObject({ status: 200 })
  else
    await expect(answer).rejects.toMatchObject({
      code: 'signer_unavailable',
      message: 'the signer sent an invalid answer',
    })
})
