// make undeploy while the controller is down that set a finalizer on the ExternalSecret, as External Secrets does since 0.20.1.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exists, kubectl } from '../../tools/kube/kubectl.ts'
import { keySecret, namespace } from '../../tools/kube/names.ts'
import { waitFor } from '../../tools/verify/attack/wait.ts'
import { runUndeploy } from '../support/run-undeploy.ts'
import { allow } from '../support/slowness.ts'
import { COMPILE_MS, EFFECT_MS } from '../support/timeouts.ts'
import { openAws } from './support/aws/aws.ts'
import { openSession, type Session } from './support/session.ts'

const name = ['externalsecret', keySecret, '-n', namespace]
const secret = ['secret', keySecret, '-n', namespace]
const readFinalizers = () => kubectl(['get', ...name, '-o', 'jsonpath={.metadata.finalizers}'])
const gone = (what: string[]) =>
  waitFor(
    async () => !(await exists(what)) || undefined,
    EFFECT_MS,
    () => `${what.join(' ')} is still there`,
  )
let session: Session

beforeAll(async () => {
  session = await openSession(openAws)
}, COMPILE_MS)
afterAll(() => session?.close())

test('while External Secrets is down, make undeploy ends, says why, and leaves its finalizer to it', async () => {
  const { operator } = session
  const finalizers = await readFinalizers()
  expect(finalizers).toBe('["externalsecrets.external-secrets.io/externalsecret-cleanup"]')
  await operator.stop()
  try {
    const { code, said, seconds } = await runUndeploy()
    console.info(`make undeploy ends after ${seconds.toFixed(1)} s:\n${said}`)
    expect(code).toBe(1)
    expect(seconds).toBeLessThan(allow(60))
    expect(said).toContain('which External Secrets has not removed')
    expect(said).toContain('Start External Secrets again')
    expect(await readFinalizers()).toBe(finalizers)
    expect(await exists(secret)).toBe(true)
  } finally {
    await operator.start()
  }
  await gone(name)
  await gone(secret)
  expect(await runUndeploy()).toMatchObject({ code: 0 })
})
