// The admission policies with keys from Vault: only the released agent gets a token for Vault.
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { namespace, serviceAccount } from '../../../tools/kube/names.ts'
import { parseResources, type Resource } from '../../../tools/kube/resources.ts'
import { attemptCase, findJudge } from '../../../tools/verify/admission/attempt.ts'
import { vaultCases } from '../../../tools/verify/admission/cases/vault-cases.ts'
import { testAdmission } from '../../support/admission/table-tests.ts'
import {
  type GuardedApiServer,
  startGuardedApiServer,
} from '../../support/api-server/guarded-api-server.ts'
import { applyChange } from '../../support/mistakes/mistakes.ts'
import { needsLocalPrograms } from '../../support/skips.ts'

describe('the API server, with keys from Vault', needsLocalPrograms, () => {
  let guarded: GuardedApiServer
  let configuration: Resource

  beforeAll(async () => {
    guarded = await startGuardedApiServer(['vault'])
    for (const { attempt, refusedBy } of vaultCases.filter((each) => each.refusedBy !== 'nobody')) {
      await guarded.waitForJudge(attempt, refusedBy)
    }
    const found = parseResources(guarded.rendering.yaml).find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'vault-agent',
    )
    if (found === undefined) throw new Error('the ConfigMap vault-agent is missing')
    configuration = found
  })

  // Two policies refuse an API token, because the agent would get it, too. Either of them may answer first.
  testAdmission(
    () => guarded.target,
    ({ name }) => name !== 'the signer has an API token',
  )

  test.each(vaultCases)('$name: $refusedBy', async ({ attempt, refusedBy, saying = '' }) => {
    const { said } = await attemptCase(guarded.target, attempt)
    expect({ judge: findJudge(said), said }).toMatchObject({ judge: refusedBy })
    expect(said).toContain(saying)
  })

  test('allows only the released configuration of the agent', async () => {
    const dryRun = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '-f', '-']
    await guarded.call(dryRun, configuration)
    for (const entry of ['agent~1hcl', 'keys~1json~1ctmpl', 'ca~1crt', 'more']) {
      const change = ['ConfigMap/vault-agent', `data.${entry}`, 'thief'] as const
      const [other] = applyChange([configuration], change)
      await expect(guarded.call(dryRun, other)).rejects.toThrow('must equal the released one')
    }
    await guarded.call(['create', 'configmap', 'other', '-n', namespace, '--dry-run=server'])
  })

  test('gives a token for Vault to kubelet alone', async () => {
    const ask = (...more: string[]) =>
      guarded.call(['create', 'token', serviceAccount, '-n', namespace, ...more])
    await expect(ask('--audience=vault')).rejects.toThrow(
      'only the container vault-agent may have a token for Vault',
    )
    await expect(ask('--audience=signer', '--audience=vault')).rejects.toThrow('alone')
    await expect(ask('--audience=signer')).resolves.toBeTruthy()
    // This API server has no Node authorizer.
    const nodes = ['clusterrolebinding', 'nodes', '--clusterrole=system:node']
    await guarded.call(['create', ...nodes, '--group=system:nodes'])
    const kubelet = ['--as=system:node:nowhere', '--as-group=system:nodes']
    await vi.waitFor(() => ask('--audience=vault', ...kubelet), 15_000)
  })
})
