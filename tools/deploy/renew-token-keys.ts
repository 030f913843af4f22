// make renew-token-keys: writes the keys that the API server publishes into the policy that verifies caller tokens, and nothing
// else. Old keys stay until no token of them lives. DRY_RUN=yes exits with 1 if the policy lacks a key.
import { readSwitch } from '../cli/make-variables.ts'
import { runMain, say, step, UserError } from '../cli/terminal.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { findApplied } from '../kube/field-owners.ts'
import { describeKeys, formatKeySet, listMissing, parseKeySet } from '../kube/key-set.ts'
import { applyResource, listApiVersions } from '../kube/kubectl.ts'
import { namespace } from '../kube/names.ts'
import { describeResource } from '../kube/resources.ts'
import { readTokenIssuer } from '../kube/token-issuer.ts'
import { checkPermissions } from './preflight/permissions.ts'
import { keepOldKeys } from './token-keys/keep-old-keys.ts'
import { readTokenPolicy, type TokenPolicy, tokenPolicy } from './token-keys/token-policy.ts'

const { name } = tokenPolicy.metadata
const target = { group: 'security.istio.io', resource: 'requestauthentications', namespace, name }

await runMain(async () => {
  const isDry = readSwitch('DRY_RUN')
  await step('the cluster answers', checkCluster)
  const { issuer, keys } = await step('the API server publishes its token keys', readTokenIssuer)
  const published = parseKeySet(keys)
  const policy = await step(`${describeResource(tokenPolicy)} is deployed`, () =>
    requirePolicy(issuer),
  )
  const wanted = keepOldKeys(published, policy.keys)
  const missing = listMissing(published, policy.keys)
  const expired = listMissing(policy.keys, wanted)
  const kept = listMissing(wanted, published)
  say(
    `  note  the policy has ${describeKeys(policy.keys) || 'no key'}. The API server publishes ${describeKeys(published)}.`,
  )
  if (missing.length === 0 && expired.length === 0) {
    process.stdout.write('unchanged: the policy has every key\n')
    return
  }
  const change = [
    ...(missing.length > 0 ? [`added ${describeKeys(missing)}`] : []),
    ...kept.map((key) => `kept ${describeKeys([key])} for tokens that live`),
    ...(expired.length > 0 ? [`removed ${describeKeys(expired)}, which no token needs`] : []),
  ].join(', ')
  if (isDry) {
    process.stdout.write(`nothing was changed. The run would have: ${change}\n`)
    if (missing.length > 0) process.exitCode = 1
    return
  }
  checkOwners(policy)
  await step('the user has all required permissions', () =>
    checkPermissions(['get', 'patch'].map((verb) => ({ verb, ...target }))),
  )
  await step('the keys are written', () => writeKeys(policy, formatKeySet(wanted)))
  process.stdout.write(`renewed: ${change}\n`)
})

async function requirePolicy(issuer: string): Promise<TokenPolicy> {
  if (!(await listApiVersions()).includes(tokenPolicy.apiVersion)) {
    throw new UserError(
      'this cluster has no Istio, so nothing verifies caller tokens',
      'Without a mesh there are no token keys to renew: docs/layouts.md#no-mesh.',
    )
  }
  const policy = await readTokenPolicy()
  if (policy === undefined) {
    throw new UserError(
      `there is no ${describeResource(tokenPolicy)} in namespace ${namespace}`,
      'Run `make deploy`.',
    )
  }
  if (policy.issuer === issuer) return policy
  throw new UserError(
    `the policy is for the issuer "${policy.issuer}", but the API server issues tokens as "${issuer}"`,
    'Run `make deploy`, which also changes the policies that name the issuer.',
  )
}

/** Throws UserError if another owner would write its keys again, or would lose the field. */
function checkOwners({ otherOwners, live }: TokenPolicy): void {
  if (otherOwners.length === 0 && findApplied(live) !== undefined) return
  throw new UserError(
    `${otherOwners.join(', ') || 'another tool'} writes the keys of ${describeResource(tokenPolicy)}`,
    'Renew them where that tool reads them: `tokenKeys` of cluster-values.yaml is the output of `kubectl get --raw /openid/v1/jwks`. See examples/gitops/README.md.',
  )
}

/** Applies all fields that `make deploy` applied, because the API server removes what its owner leaves out. */
async function writeKeys({ live, spec }: TokenPolicy, jwks: string): Promise<void> {
  const fields: Record<string, Record<string, Record<string, unknown>>> = Object(findApplied(live))
  const pick = <T>(values: Record<string, T> = {}, owned: object = {}) =>
    Object.fromEntries(Object.entries(values).filter(([key]) => `f:${key}` in owned))
  const jwtRules = spec.jwtRules.map((rule) => (rule.jwks === undefined ? rule : { ...rule, jwks }))
  const { labels, annotations } = live.metadata
  await applyResource({
    ...tokenPolicy,
    metadata: {
      ...tokenPolicy.metadata,
      labels: pick(labels, fields['f:metadata']?.['f:labels']),
      annotations: pick(annotations, fields['f:metadata']?.['f:annotations']),
    },
    spec: { ...pick(spec, fields['f:spec']), jwtRules },
  })
}
