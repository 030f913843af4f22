// How make deploy explains a proxy that refuses the frontend's token.
import { expect, test } from 'vitest'
import { processMessage } from '../../../tools/deploy/process-message.ts'
import { describeRefusedToken } from '../../../tools/deploy/token-keys/refused-token.ts'
import { serve } from '../../support/services/http.ts'

const explained = {
  message: expect.stringContaining('the proxy refuses the caller token (401)'),
  todo: expect.stringContaining('make renew-token-keys DRY_RUN=yes'),
}

test.each([
  '{"code":"signer_unavailable","detail":"the signer answered 401"}',
  '{"event":"request_failed","detail":"the proxy refuses the caller token (401)"}',
])('the frontend says %s', (text) => {
  expect(describeRefusedToken(`{"event":"listening"}\n${text}\n`)).toMatchObject(explained)
})

test.each(['', '{"code":"signer_unavailable","detail":"the signer answered 403"}'])(
  'the frontend says %j, which is something else',
  (text) => expect(describeRefusedToken(text)).toBeUndefined(),
)

test('the first message gets the explanation', async () => {
  const problem = { code: 'signer_unavailable', detail: 'the signer answered 401' }
  const url = await serve((_, outgoing) => outgoing.writeHead(503).end(JSON.stringify(problem)))
  await expect(processMessage(url.origin, 'hello', 0)).rejects.toMatchObject(explained)
})
