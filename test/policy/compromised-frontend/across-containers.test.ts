// Attack 24: each container looks for files of the others. For the signer, the test breaks glass as docs/operations.md
// describes, and restores the policy.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tryRun } from '../../../tools/cli/exec.ts'
import { readKeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { findTarget, type Target } from '../../../tools/verify/attack/target.ts'
import { CONFIG_MS } from '../../../tools/verify/attack/timeouts.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { deleteResources } from '../../support/attack/deletions.ts'
import { runIn } from '../../support/compromise/run-in.ts'

type Found = { user: number; group: number; groups: number[]; files: Record<string, string> }

const token = '/run/identity/token'
const secret = '/run/pairing/secret'
const socket = '/run/signer/signer.sock'
const PROXY_ID = 1337

async function lookIn(target: Target, container: string, files: string[]): Promise<Found> {
  const place = { ...target.frontend, container }
  return runIn(place, 'read-files', 'readFiles', files)
}

/** Waits until the API server allows or refuses an exec into the signer. */
async function waitForExec(target: Target, wanted: 'allowed' | 'refused'): Promise<void> {
  await waitFor(
    async () => {
      const seen = await lookIn(target, 'signer', []).then(
        () => 'allowed',
        (error: Error) => {
          if (error.message.includes('nobody may enter the container signer')) return 'refused'
          throw error
        },
      )
      return seen === wanted || undefined
    },
    CONFIG_MS,
    () => `an exec into the signer is not ${wanted}`,
  )
}

describe('each container has its own files, and none of another', () => {
  let target: Target
  let keys: string[]
  beforeAll(async () => {
    target = await findTarget()
    keys = Object.keys((await readKeySecret()).data).map((name) => `/run/key/${name}`)
  })

  test('the frontend: its token and the pairing secret, but no key and no socket', async () => {
    const { user, group, groups, files } = await lookIn(target, 'frontend', [
      ...[token, secret, socket],
      ...keys,
    ])
    expect(files).toEqual({
      ...{ [token]: 'read', [secret]: 'read', [socket]: 'ENOENT' },
      ...Object.fromEntries(keys.map((key) => [key, 'ENOENT'])),
    })
    for (const id of [user, group, ...groups]) expect([0, PROXY_ID]).not.toContain(id)
  })

  describe('after break glass', () => {
    let restore = async () => {}
    beforeAll(async () => {
      restore = await deleteResources([
        'ValidatingAdmissionPolicyBinding/secure-signing-no-way-into-signer',
      ])
      await waitForExec(target, 'allowed')
    })
    afterAll(async () => {
      await restore()
      await waitForExec(target, 'refused')
    })

    test('the signer: the key and the pairing secret, but not the token of the frontend', async () => {
      const { user, group, groups, files } = await lookIn(target, 'signer', [
        ...[token, secret],
        ...keys,
      ])
      expect(files).toEqual({
        ...{ [token]: 'ENOENT', [secret]: 'read' },
        ...Object.fromEntries(keys.map((key) => [key, 'read'])),
      })
      for (const id of [user, group, ...groups]) expect([0, PROXY_ID]).not.toContain(id)
      const frontend = await lookIn(target, 'frontend', [])
      expect([user, group]).not.toContain(frontend.user)
    })
  })

  // The proxy has no shell. Envoy can read any file as its configuration, and reports whether the file exists.
  test("the proxy: the socket, but not the key, the pairing secret or the frontend's token", async () => {
    const read = async (file: string) => {
      const exec = ['exec', '-n', namespace, target.frontend.pod, '-c', 'istio-proxy', '--']
      const envoy = ['/usr/local/bin/envoy', '--mode', 'validate', '-c', file]
      const { stdout, stderr } = await tryRun('kubectl', [...exec, ...envoy])
      return /error initializing configuration '[^']*': ([^:(]*)/.exec(stdout + stderr)?.[1]
    }
    expect(await read('/etc/istio/pod/labels')).toMatch(/^Unable to parse/)
    expect(await read(socket)).toMatch(/^unable to read file/)
    for (const file of [token, secret, ...keys]) expect(await read(file)).toBe('Invalid path')
  })
})
