// make rotate-key: adds a key, makes it primary, and later retires the old one, each when every Pod is ready for it. Run
// again, at any point, it goes on. KUBECONFIG: the cluster · OVERLAP: how long signatures of the old key go on verifying,
// if not 24h · DRY_RUN=yes: only tell.
import { runMain, say, step, UserError } from '../cli/terminal.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { findDeployed, layouts, listWorkloads, onePod } from '../kube/layouts.ts'
import { keySecret, namespace } from '../kube/names.ts'
import { parseDryRun } from './dry-run.ts'
import { isKeyInSecret } from './keys/key-source.ts'
import { checkRights } from './preflight/rights.ts'
import { createPodAsker } from './rotation/ask-pods.ts'
import { parseDuration } from './rotation/duration.ts'
import { createDryEffects, createEffects } from './rotation/rotation-effects.ts'
import { rotateKey } from './rotation/run-rotation.ts'

const secret = { group: '', resource: 'secrets', namespace, name: keySecret }
const pods = { group: '', resource: 'pods', namespace }
const neededRights = [
  { verb: 'get', ...secret },
  { verb: 'update', ...secret },
  { verb: 'get', ...pods },
  { verb: 'list', ...pods },
  { verb: 'create', ...pods, subresource: 'portforward' },
  ...layouts
    .flatMap(listWorkloads)
    .map((name) => ({ verb: 'get', group: 'apps', resource: 'deployments', namespace, name })),
]

await runMain(async () => {
  const { OVERLAP } = process.env
  const overlapMs = OVERLAP ? parseDuration('OVERLAP', OVERLAP) : undefined
  const isDry = readDryRun(process.argv.slice(2), process.env.DRY_RUN)
  await step('the cluster answers', checkCluster)
  await step('the user has every right that is needed', () => checkRights(neededRights))
  if (!(await isKeyInSecret())) {
    throw new UserError(
      "the signer's keys are in no Secret, so there is none to rotate",
      'rotate in Vault, without a restart: vault kv put -mount=kv signing/hmac-key key=-, see docs/vault.md',
    )
  }
  if (isDry) {
    const closing = await rotateKey(createDryEffects(), overlapMs)
    say('nothing was changed; it would end with:')
    process.stdout.write(`${closing}\n`)
    return
  }
  const { askPods, stop } = createPodAsker(((await findDeployed()) ?? onePod).signer)
  try {
    process.stdout.write(`${await rotateKey(createEffects(askPods), overlapMs)}\n`)
  } finally {
    stop()
  }
})

/** Whoever asks for a dry run in other words must not get a real one. */
function readDryRun(args: readonly string[], variable: string | undefined): boolean {
  const unknown = args.find((arg) => arg !== '--dry-run')
  if (unknown !== undefined) {
    throw new UserError(`"${unknown}" is no argument`, 'the only one is --dry-run')
  }
  return parseDryRun(variable) || args.length > 0
}
