// How make deploy explains a proxy that refuses the frontend's token.
import { expect, test, vi } from 'vitest'
import { explainAnswer } from '../../../tools/deploy/smoke/gateway-answers.ts'
import {
  findRefusedToken,
  refusedTokenTodo,
} from '../../../tools/deploy/token-keys/refused-token.ts'
import { makePrograms } from '../../support/folder.ts'
import { composeSmoke } from '../../support/process-message.ts'

const refused = '{"code":"signer_unavailable","detail":"the signer answered 401"}'
const other = '{"code":"signer_unavailable","detail":"the signer answered 403"}'
const probed = '{"event":"request_failed","detail":"the proxy refuses the caller token (401)"}'

test('by the answer to the first message', () => {
  const url = { url: 'http://gateway.example' }
  const explain = (body: string) =>
    explainAnswer({ status: 503, headers: {}, body }, url, composeSmoke('hello').request)
  expect(explain(refused)).toMatchObject({ what: `503: ${refused}`, todo: refusedTokenTodo })
  expect(explain(other).todo).not.toBe(refusedTokenTodo)
  expect(refusedTokenTodo).toContain('make renew-token-keys DRY_RUN=yes')
})

test.each([
  [refused, true],
  [probed, true],
  [other, false],
  ['', false],
])('by the log %j of Pods that are not ready: %j', async (log, isExplained) => {
  const bin = await makePrograms({ kubectl: `echo '{"event":"listening"}'; echo '${log}'` })
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
  const found = await findRefusedToken('secure-signing')
  expect(found?.message.startsWith('the proxy refuses the caller token (401)')).toBe(
    isExplained ? true : undefined,
  )
  vi.unstubAllEnvs()
})
