// Vault lets only the agent in, and only to the key.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace, serviceAccount } from '../../../tools/kube/names.ts'
import { findTarget, stealCredentials } from '../../../tools/verify/attack/target.ts'
import { listPods } from '../../../tools/verify/faults/support/pods.ts'
import { locateVolume } from '../../../tools/verify/faults/support/volumes.ts'
import { readPrimary } from '../../support/cluster/signing.ts'
import { dataPath, loginPath, role, toVersion } from './grant.ts'
import type { Vault } from './vault-server.ts'

/** What a token that reads the key does not read. */
const others = [
  'kv/data/signing/other',
  'kv/metadata/signing?list=true',
  'auth/token/lookup-self',
  'sys/mounts',
]

export function testIdentities(load: () => Vault): void {
  test("Vault takes the agent's token, and lets it read the key and nothing else", async () => {
    const [pod] = await listPods()
    if (pod === undefined) throw new Error('there is no Pod')
    const file = join(await locateVolume(pod, 'projected', 'vault-token'), 'token')
    const { status, body } = await logIn(load(), await readFile(file, 'utf8'))
    expect(status).toBe(200)
    expect(body.auth?.policies).toEqual(['secure-signing'])
    const token = body.auth?.client_token ?? ''
    const read = (path: string) => load().tryToAsk({ method: 'GET', path, token })
    // The newest version can be a deleted one.
    const version = toVersion(await readPrimary())
    expect(await read(`${dataPath}?version=${version}`)).toMatchObject({ status: 200 })
    for (const path of others) expect(await read(path)).toMatchObject({ status: 403 })
    const change = { method: 'POST', path: dataPath, body: { data: { key: 'x' } }, token }
    expect(await load().tryToAsk(change)).toMatchObject({ status: 403 })
  })

  test("Vault refuses the frontend's token", async () => {
    const { token } = await stealCredentials(await findTarget())
    const { status, body } = await logIn(load(), token)
    expect(status).toBe(403)
    expect(body.errors.join()).toContain('audience')
  })

  test('Vault refuses another ServiceAccount, made out to Vault as it may be', async () => {
    const args = ['create', 'token', 'vault', '-n', load().place.namespace, '--audience=vault']
    expect(await logIn(load(), (await kubectl(args)).trim())).toMatchObject({ status: 403 })
  })

  test('nobody is given a token for Vault by the API server', async () => {
    const args = ['create', 'token', serviceAccount, '-n', namespace, '--audience=vault']
    await expect(kubectl(args)).rejects.toThrow(
      'only the container vault-agent may have a token for Vault',
    )
  })
}

function logIn({ tryToAsk }: Vault, jwt: string) {
  return tryToAsk({ method: 'POST', path: loginPath, body: { role, jwt } })
}
