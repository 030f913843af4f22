// make freeze and make thaw on a real API server, as users with and without the right to do it.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { tryRun } from '../../../tools/cli/exec.ts'
import { readMark, writeMark } from '../../../tools/incident/freeze/marker.ts'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { namespace } from '../../../tools/kube/names.ts'
import { parseResources } from '../../../tools/kube/resources.ts'
import { useBareApiServer } from '../../support/api-server/bare-api-server.ts'
import { makeFolder } from '../../support/folder.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

const roles = ['incident-responder', 'deployer', 'token-key-renewer'] as const

describe('a freeze', needsLocalPrograms, () => {
  let admin: string
  beforeAll(async () => {
    const { kubeconfig, api } = await useBareApiServer()
    admin = kubeconfig
    await kubectl(['create', 'namespace', namespace])
    for (const role of roles) {
      const file = join(CHECKOUT, `k8s/components/deployer/${role}-role.yaml`)
      for (const each of parseResources(await readFile(file, 'utf8'))) await api.apply(each)
      const binding = ['rolebinding', role, '-n', namespace, `--role=${role}`, `--user=${role}`]
      await kubectl(['create', ...binding])
    }
  })

  /** Runs the program as a user of this name. */
  async function run(program: 'freeze' | 'thaw', user: string) {
    const config = parse(await readFile(admin, 'utf8'))
    for (const each of config.users) each.user.as = user
    const KUBECONFIG = join(await makeFolder(), 'kubeconfig')
    await writeFile(KUBECONFIG, stringify(config), { mode: 0o600 })
    const env = { ...process.env, KUBECONFIG }
    const args = [join(CHECKOUT, `tools/incident/${program}.ts`)]
    const { code, stdout, stderr } = await tryRun('node', args, { env, timeoutMs: 60_000 })
    return { code, said: stderr + stdout }
  }

  test('begins and ends by the role incident-responder, each time with a new mark', async () => {
    const frozen = await run('freeze', 'incident-responder')
    expect(frozen).toMatchObject({ code: 0 })
    expect(frozen.said).toMatch(/no Pod signs in namespace .*signing is stopped: 0 Pods/s)
    const first = await readMark()
    expect(first).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z-[0-9a-f]{8}$/)
    expect(await run('freeze', 'incident-responder')).toMatchObject({ code: 0 })
    expect(await readMark()).not.toBe(first)
    expect(await run('thaw', 'incident-responder')).toMatchObject({ code: 0 })
    expect(await readMark()).toBeUndefined()
    const again = await run('thaw', 'incident-responder')
    expect(again).toMatchObject({ code: 0, said: expect.stringContaining('is not frozen') })
  })

  test.each(['deployer', 'token-key-renewer'])('does not begin by the role %s', async (role) => {
    const { code, said } = await run('freeze', role)
    expect(code).toBe(1)
    expect(said).toContain(`patch, create configmaps in ${namespace}`)
    expect(await readMark()).toBeUndefined()
  })

  test.each(['deployer', 'token-key-renewer'])('does not end by the role %s', async (role) => {
    await writeMark('kept')
    const { code, said } = await run('thaw', role)
    expect(code).toBe(1)
    expect(said).toContain(`delete configmaps in ${namespace}`)
    expect(await readMark()).toBe('kept')
  })
})
