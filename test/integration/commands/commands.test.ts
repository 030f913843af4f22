// Runs the kubectl commands of the pages that need no running Pod, page by page, on a real API server.
import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { run, tryRun } from '../../../tools/cli/exec.ts'
import { deployment, keySecret, namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { asWorkload } from '../../support/admission/workloads.ts'
import {
  asPod,
  type GuardedApiServer,
  startGuardedApiServer,
} from '../../support/api-server/guarded-api-server.ts'
import { makeFolder } from '../../support/folder.ts'
import { listCommands } from '../../support/pages/commands.ts'
import { NO_JQ, needsLocalPrograms, skipUnless } from '../../support/skips.ts'

const hasJq = (await tryRun('jq', ['--version'])).code === 0

/** These need a running Pod, a controller, a kind of Istio or External Secrets, a key manager, or a folder of the reader. */
const needMore =
  / (exec|logs|port-forward|rollout status|(create|delete|label) namespace|create token|apply .*-k) |externalsecret|authorizationpolicy|virtualservice|vault kv|\| create$/
const commands = listCommands().filter(
  ({ text }) => text.startsWith('kubectl ') && !needMore.test(text),
)
/** Replaces NAME and NODE on a page. It is the name of both a node and a Pod. */
const NAME = 'signing-pod'
const secretState = z.object({ data: z.record(z.string(), z.base64()) })

describe('on an API server', hasJq ? needsLocalPrograms : skipUnless(hasJq, NO_JQ), () => {
  let guarded: GuardedApiServer
  let cwd: string

  beforeAll(async () => {
    cwd = await makeFolder()
    guarded = await startGuardedApiServer()
    await guarded.call(['create', '-f', '-'], {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: NAME },
    })
    await makeRevisions()
    // The number of Pods in docs/production.md.
    await guarded.call(['scale', 'deployment', deployment, '-n', namespace, '--replicas=3'])
  })

  /** Creates the ReplicaSets of two releases, because the controller of Deployments does not run. */
  async function makeRevisions(): Promise<void> {
    const resources = parseResources(guarded.rendering.yaml)
    const get = ['get', 'deployment', deployment, '-n', namespace, '-o', 'jsonpath={.metadata.uid}']
    const uid = await guarded.call(get)
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment, uid }
    for (const revision of ['1', '2']) {
      const set = asWorkload('ReplicaSet', asPod(resources, `${deployment}-${revision}`))
      const yaml = JSON.stringify(set).replace('signer:ba9876543210', `signer:${revision}`)
      const release: Resource = JSON.parse(yaml)
      const annotations = { 'deployment.kubernetes.io/revision': revision }
      const ownerReferences = [{ ...owner, controller: true }]
      const marks = { labels: { app: deployment }, annotations, ownerReferences }
      const labelled = { ...release.metadata, ...marks }
      await guarded.call(['create', '-f', '-'], { ...release, metadata: labelled })
    }
  }

  const deleteSecret = () =>
    guarded.call(['delete', 'secret', keySecret, '-n', namespace, '--ignore-not-found'])

  async function makeSecret(): Promise<void> {
    await deleteSecret()
    const data = { 'key-1': randomBytes(32).toString('base64') }
    const metadata = { name: keySecret, namespace }
    await guarded.call(['create', '-f', '-'], { apiVersion: 'v1', kind: 'Secret', metadata, data })
  }

  async function readSecret(): Promise<Record<string, Buffer>> {
    const said = await guarded.call(['get', 'secret', keySecret, '-n', namespace, '-o', 'json'])
    const { data } = secretState.parse(JSON.parse(said))
    const entries = Object.entries(data).map(([name, text]) => [name, Buffer.from(text, 'base64')])
    return Object.fromEntries(entries)
  }

  /** The results of a page's commands. */
  const outcomes: Record<string, () => void> = {
    'docs/keys.md': () =>
      test('only the new key is left, and it signs', async () => {
        const { primary, 'key-2': key, ...others } = await readSecret()
        expect([primary?.toString(), key?.length, others]).toEqual(['key-2', 32, {}])
      }),
    'docs/operations.md': () =>
      test('the former image is back, and the next deployment reports a conflict', async () => {
        const path = 'jsonpath={.spec.template.spec.containers[?(@.name=="signer")].image}'
        const args = ['get', 'deployment', deployment, '-n', namespace, '-o', path]
        expect(await guarded.call(args)).toMatch(/signer:1$/)
        const resources = parseResources(guarded.rendering.yaml)
        const again = resources.filter(({ kind }) => kind === 'Deployment').map(guarded.apply)
        await expect(Promise.all(again)).rejects.toThrow(/conflict.*\n?.*signer.*image/)
      }),
  }

  describe.each([...Map.groupBy(commands, ({ page }) => page)])('%s', (page, ofPage) => {
    beforeAll(makeSecret)

    test.each(ofPage)('$text', async ({ text }) => {
      if (text.startsWith('kubectl create secret ')) await deleteSecret()
      const env = { ...process.env, KUBECONFIG: guarded.kubeconfig }
      const script = text.replace(/\b(NAME|NODE)\b/g, NAME)
      await run('bash', ['-euo', 'pipefail', '-c', script], { cwd, env })
    })
    outcomes[page]?.()
  })
})
