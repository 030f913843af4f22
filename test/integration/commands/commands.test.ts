// Every kubectl command of README and docs/ that needs no running Pod. Each page is one test. It runs the commands in the order of
// the page, on a bare API server with the admission policies.
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { run, tryRun } from '../../../tools/cli/exec.ts'
import { deployment, keySecret, namespace } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { asPod } from '../../../tools/verify/admission/pods.ts'
import { asWorkload } from '../../../tools/verify/admission/workloads.ts'
import {
  type GuardedApiServer,
  startGuardedApiServer,
} from '../../support/api-server/guarded-api-server.ts'
import { makeFolder } from '../../support/folder.ts'
import { type Command, listCommands } from '../../support/pages/commands.ts'
import { NO_JQ, needsLocalPrograms, skipUnless } from '../../support/skips.ts'

const hasJq = (await tryRun('jq', ['--version'])).code === 0

/** These need a running Pod, a controller, a kind of Istio or External Secrets, a key manager, or a folder of the reader. */
const needMore =
  / (exec|logs|port-forward|wait pod|rollout status|rollout restart -n apparmor-profiles|(create|delete|label) namespace|create serviceaccount|create token|apply .*-k|(diff|delete) -k|configmap istio) |--grace-period=1$|externalsecret|secretstore|authorizationpolicy|requestauthentication|virtualservice|vault kv|\| create$/
const commands = listCommands().filter(
  ({ text }) => text.startsWith('kubectl ') && !needMore.test(text),
)
/** Replaces NAME and NODE on a page. It is the name of both a node and a Pod. */
const NAME = 'signing-pod'
/** docs/production.md has as many. */
const replicas = 3
const here = ['-n', namespace]
const receiverSecret = `whsec_${randomBytes(32).toString('base64')}`
const secretState = z.object({ data: z.record(z.string(), z.base64()) })
const owned = z.object({ metadata: z.object({ uid: z.string() }) })

describe('on an API server', hasJq ? needsLocalPrograms : skipUnless(hasJq, NO_JQ), () => {
  let guarded: GuardedApiServer

  beforeAll(async () => {
    guarded = await startGuardedApiServer()
  })

  /** Replaces what the page before has changed. */
  beforeEach(async () => {
    const now = ['--all', '--grace-period=0', '--force']
    await guarded.call(['delete', 'deployments,replicasets,pods,secrets', ...now, ...here])
    await guarded.call(['delete', 'nodes', '--all'])
    await guarded.createWorkloads()
    await guarded.applyPolicies()
    await guarded.api.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: NAME } })
    await createRevisions()
    await guarded.call(['scale', 'deployment', deployment, ...here, `--replicas=${replicas}`])
    await createSecret()
  })

  /** Creates what the Deployment's controller creates for two releases. It does not run here. */
  async function createRevisions(): Promise<void> {
    const resources = parseResources(guarded.rendering.yaml)
    const said = await guarded.call(['get', 'deployment', deployment, ...here, '-o', 'json'])
    const { uid } = owned.parse(JSON.parse(said)).metadata
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment, uid }
    for (const revision of ['1', '2']) {
      const set = asWorkload('ReplicaSet', asPod(resources, `${deployment}-${revision}`))
      const yaml = JSON.stringify(set).replace('signer:ba9876543210', `signer:${revision}`)
      const release: Resource = JSON.parse(yaml)
      const metadata = {
        ...release.metadata,
        labels: { app: deployment },
        annotations: { 'deployment.kubernetes.io/revision': revision },
        ownerReferences: [{ ...owner, controller: true }],
      }
      await guarded.api.create({ ...release, metadata })
    }
  }

  const deleteSecret = () =>
    guarded.call(['delete', 'secret', keySecret, ...here, '--ignore-not-found'])

  async function createSecret(): Promise<void> {
    const data = { 'key-1': randomBytes(32).toString('base64') }
    const metadata = { name: keySecret, namespace }
    await guarded.api.create({ apiVersion: 'v1', kind: 'Secret', metadata, data })
  }

  async function readSecret(): Promise<Record<string, Buffer>> {
    const said = await guarded.call(['get', 'secret', keySecret, ...here, '-o', 'json'])
    const { data } = secretState.parse(JSON.parse(said))
    const entries = Object.entries(data).map(([name, text]) => [name, Buffer.from(text, 'base64')])
    return Object.fromEntries(entries)
  }

  async function runCommands(ofPage: readonly Command[]): Promise<void> {
    const env = { ...process.env, KUBECONFIG: guarded.kubeconfig }
    const cwd = await makeFolder()
    // The credentials for a registry, which docs/production.md names.
    await writeFile(join(cwd, 'config.json'), '{"auths": {}}')
    // The secret of a receiver, which docs/webhooks.md names.
    await writeFile(join(cwd, 'acme-secret'), `${receiverSecret}\n`)
    for (const { text } of ofPage) {
      if (text.startsWith('kubectl create secret ')) await deleteSecret()
      const script = text.replace(/\b(NAME|NODE)\b/g, NAME)
      await run('bash', ['-euo', 'pipefail', '-c', script], { cwd, env })
    }
  }

  /** What holds after the commands of a page. */
  const outcomes: Record<string, () => Promise<void>> = {
    'docs/keys.md': async () => {
      const { primary, 'key-2': key, 'audit-key': auditKey, ...webhooks } = await readSecret()
      expect([primary?.toString(), key?.length, auditKey?.length]).toEqual(['key-2', 32, 32])
      const { 'webhook-primary': first, 'webhook-2': secret, ...others } = webhooks
      expect([first?.toString(), others]).toEqual(['webhook-2', {}])
      expect(secret?.toString()).toMatch(/^whsec_[\w+/]{43}=$/)
    },
    // The entry of the receiver has come and gone.
    'docs/webhooks.md': async () => {
      const { 'webhook-primary': primary, 'webhook-1': key, ...others } = await readSecret()
      expect([primary?.toString(), Object.keys(others)]).toEqual(['webhook-1', ['audit-key']])
      expect(key?.toString()).toMatch(/^whsec_[\w+/]{43}=$/)
    },
    // The previous image is back, and the next deployment reports a conflict.
    'docs/operations.md': async () => {
      const path = 'jsonpath={.spec.template.spec.containers[?(@.name=="signer")].image}'
      const args = ['get', 'deployment', deployment, ...here, '-o', path]
      expect(await guarded.call(args)).toMatch(/signer:1$/)
      const resources = parseResources(guarded.rendering.yaml)
      const again = resources.filter(({ kind }) => kind === 'Deployment').map(guarded.api.apply)
      await expect(Promise.all(again)).rejects.toThrow(/conflict.*\n?.*signer.*image/)
    },
  }

  test.each([...Map.groupBy(commands, ({ page }) => page)])(
    '%s: every command works',
    async (page, ofPage) => {
      await runCommands(ofPage)
      await outcomes[page]?.()
    },
  )
})
