// make rotate-key on an API server where another tool writes the Secret too. Each trace that a writer leaves is refused by name
// before anything changes. What people and restores leave is not.
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { UserError } from '../../../tools/cli/terminal.ts'
import { readKeySecret } from '../../../tools/deploy/keys/key-secret.ts'
import { readRotationState } from '../../../tools/deploy/rotation/rotation-state.ts'
import { applyResource, kubectl } from '../../../tools/kube/kubectl.ts'
import { keySecret, namespace } from '../../../tools/kube/names.ts'
import type { Api, Request } from '../../../tools/verify/admission/api-server/api.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { needsLocalPrograms } from '../../support/skips.ts'
import { harmless, type Left, writers } from '../../support/writers/traces.ts'

const program = join(CHECKOUT, 'tools/deploy/rotate-key.ts')
const material = Buffer.from('a key of thirty-two bytes, or so').toString('base64')
const here = ['-n', namespace]
const secrets = `/api/v1/namespaces/${namespace}/secrets`
const applyType = 'application/apply-patch+yaml'

async function rotate() {
  const env = { ...process.env, OVERLAP: '0s', DRY_RUN: '' }
  return tryRun('node', [program], { env, timeoutMs: 60_000 })
}

describe('make rotate-key', needsLocalPrograms, () => {
  let api: Api

  beforeAll(async () => {
    api = (await useBareApiServer()).api
    await kubectl(['create', 'namespace', namespace])
  })
  beforeEach(async () => {
    await api.send({ method: 'DELETE', path: `${secrets}/${keySecret}` })
  })

  /** Creates the Secret as another tool leaves it. */
  async function createSecret({ manager, ...metadata }: Left): Promise<void> {
    const body = {
      ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', data: { 'key-1': material } },
      metadata: { name: keySecret, namespace, ...metadata },
    }
    const query = `?fieldManager=${encodeURIComponent(manager?.name ?? 'kubectl-create')}`
    const request: Request =
      manager?.operation === 'Apply'
        ? { method: 'PATCH', path: `${secrets}/${keySecret}${query}`, contentType: applyType, body }
        : { method: 'POST', path: secrets + query, body }
    expect(await api.send(request)).toMatchObject({ status: 201 })
  }

  /** Returns what the command says before its first change. */
  async function judge(): Promise<UserError | undefined> {
    const secret = await readKeySecret()
    try {
      readRotationState(secret)
      return undefined
    } catch (error) {
      if (error instanceof UserError) return error
      throw error
    }
  }

  test.each(writers)('refuses the Secret of %s', async (_, left, name) => {
    await createSecret(left)
    const refusal = await judge()
    expect(refusal?.message).toContain(`the Secret hmac-key is written by ${name}`)
    expect(refusal?.todo).toMatch(/^Rotate .*, in the same three steps/)
    const commands = [...(refusal?.todo ?? '').matchAll(/^ {4}(kubectl .*)$/gm)]
    expect(commands.length).toBeGreaterThan(0)
  })

  test.each(harmless)('accepts the Secret with the traces of %s', async (_, left) => {
    await createSecret(left)
    expect(await judge()).toBeUndefined()
  })

  test.each(writers.filter(([name]) => /^(Flux|Argo CD, label|an unknown owner|Helm)$/.test(name)))(
    'changes nothing in the Secret of %s, and rotates it once the commands have removed the traces',
    async (_, left, name) => {
      await createSecret(left)
      const before = await readKeySecret()
      const { code, stdout, stderr } = await rotate()
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toContain(`the Secret hmac-key is written by ${name}`)
      expect(stderr).not.toContain(material)
      expect(await readKeySecret()).toEqual(before)
      for (const [, command = ''] of stderr.matchAll(/^ {4}(kubectl .*)$/gm)) {
        expect(await tryRun('bash', ['-c', command])).toMatchObject({ code: 0 })
      }
      const after = await rotate()
      expect(after.stdout, after.stderr).toMatch(/^key-1 is retired/)
    },
  )

  test('refuses the Secret that Flux restored after a rotation, and says that the key signs again', async () => {
    await createSecret({})
    expect((await rotate()).stdout).toMatch(/^key-1 is retired/)
    const metadata = { name: keySecret, namespace }
    const restored = { apiVersion: 'v1', kind: 'Secret', metadata, data: { 'key-1': material } }
    const options = ['--force-conflicts']
    await applyResource(restored, { manager: 'kustomize-controller', options })
    const before = await readKeySecret()
    expect(Object.keys(before.data)).toContain('key-1')
    const { code, stderr } = await rotate()
    expect(code).toBe(1)
    expect(stderr).toContain('the Secret hmac-key is written by Flux')
    expect(stderr).toContain('the field manager kustomize-controller, which wrote it at 20')
    expect(await readKeySecret()).toEqual(before)
  })

  test('refuses a key that a person restored after a rotation', async () => {
    await createSecret({})
    await rotate()
    const patch = JSON.stringify({ data: { 'key-1': material } })
    await kubectl(['patch', 'secret', keySecret, ...here, '-p', patch])
    const { code, stderr } = await rotate()
    expect(code).toBe(1)
    expect(stderr).toContain('key-1 was retired, and is in the Secret hmac-key again')
    expect(stderr).toContain('The field manager kubectl-patch wrote it at 20')
    const [, command = ''] = /Then remove it: (kubectl .*?\]')\./.exec(stderr) ?? []
    expect(await tryRun('bash', ['-c', command])).toMatchObject({ code: 0 })
    expect((await rotate()).stdout).toMatch(/^key-2 is retired/)
  })

  test.each([
    [
      'kubectl apply',
      { manager: { name: 'kubectl-client-side-apply', operation: 'Update' } },
      'kubectl apply wrote the Secret at 20',
    ],
    [
      'the source of Reflector',
      { annotations: { 'reflector.v1.k8s.emberstack.com/reflection-allowed': 'true' } },
      'lets a controller copy the Secret',
    ],
    [
      'an unclear mark',
      { labels: { 'acme.example/owner': 'payments' } },
      'acme.example/owner may come from a controller',
    ],
  ] as const)('prints a note for %s', async (_, left, note) => {
    await createSecret(left)
    expect(readRotationState(await readKeySecret()).notes.join()).toContain(note)
  })
})
