// make rotate-key: adds a key, makes it primary, and later removes the old one. FORM=webhook does so with webhook keys, and adds
// the first one. Before each step, it waits until every Pod is ready for it. You can run it again at any point, and it continues
// where it stopped.
import { readSwitch, readVariable } from '../cli/make-variables.ts'
import { runMain, say, step, UserError } from '../cli/terminal.ts'
import { withConfig } from '../cli/with-config.ts'
import { checkCluster } from '../kube/check-cluster.ts'
import { findDeployed, layouts, listWorkloads, onePod } from '../kube/layouts.ts'
import { keySecret, namespace } from '../kube/names.ts'
import { readPodSelector } from '../kube/pod-selector.ts'
import { parseForm, webhookKeys } from './keys/key-forms.ts'
import { isKeyInSecret } from './keys/key-source.ts'
import { checkPermissions, type Permission } from './preflight/permissions.ts'
import { parseDuration } from './rotation/duration.ts'
import { openLog } from './rotation/log-source.ts'
import { openMetrics } from './rotation/metrics-source.ts'
import { createPodReporter } from './rotation/pod-reporter.ts'
import { createDryEffects, createEffects } from './rotation/rotation-effects.ts'
import { rotateKey } from './rotation/run-rotation.ts'

const secret = { group: '', resource: 'secrets', namespace, name: keySecret }
const pods = { group: '', resource: 'pods', namespace }
const requiredPermissions: Permission[] = [
  { verb: 'get', ...secret },
  { verb: 'update', ...secret },
  { verb: 'get', ...pods },
  { verb: 'list', ...pods },
  ...layouts
    .flatMap(listWorkloads)
    .map((name) => ({ verb: 'get', group: 'apps', resource: 'deployments', namespace, name })),
]

/** How the signers of a layout report their keys, and the permission that this needs. */
const reporting = {
  throughMesh: { open: openMetrics, permission: { verb: 'create', subresource: 'portforward' } },
  byLog: { open: openLog, permission: { verb: 'get', subresource: 'log' } },
}

await runMain(async () => {
  const form = parseForm(readVariable('FORM'))
  const overlap = readVariable('OVERLAP')
  const overlapMs = overlap === undefined ? undefined : parseDuration('OVERLAP', overlap)
  const isDry = readDryRun(process.argv.slice(2))
  await step('the cluster answers', checkCluster)
  // Without the right to read the Deployment, the next step names it with all others.
  const deployed = (await findDeployed().catch(() => undefined)) ?? onePod
  const { open, permission } = deployed.isMeshed ? reporting.throughMesh : reporting.byLog
  await step('the user has all required permissions', () =>
    checkPermissions([...requiredPermissions, { ...pods, ...permission }]),
  )
  if (!(await isKeyInSecret())) {
    throw new UserError(
      'the keys of the signer are in no Secret, so make rotate-key cannot rotate them',
      `Rotate in Vault, without a restart: docs/key-managers.md#${form === webhookKeys ? 'webhook-keys' : 'rotate-a-key-in-vault'}.`,
    )
  }
  if (isDry) {
    const closing = await rotateKey(createDryEffects(), overlapMs, form)
    say('nothing was changed. The run would end with:')
    process.stdout.write(`${closing}\n`)
    return
  }
  const { signer } = (await findDeployed()) ?? onePod
  const { readReports, stop } = createPodReporter(await readPodSelector(signer), (pod) =>
    open(pod, form.name),
  )
  try {
    const closing = await rotateKey(createEffects(readReports), overlapMs, form)
    process.stdout.write(`${withConfig(closing)}\n`)
  } finally {
    stop()
  }
})

/** Throws UserError for other arguments, because a misspelled dry run must not change anything. */
function readDryRun(args: readonly string[]): boolean {
  const unknown = args.find((arg) => arg !== '--dry-run')
  if (unknown !== undefined) {
    throw new UserError(`the argument ${unknown} is not valid`, 'Use --dry-run, or no argument.')
  }
  return readSwitch('DRY_RUN') || args.length > 0
}
