// make analyze: checks the resources by the rules of this project, by istioctl analyze and by the API server. It prints
// each finding on stdout with file and line of its source, and changes nothing.
import { mkdir, mkdtempDisposable } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CHECKOUT } from '../cli/checkout.ts'
import { CommandError } from '../cli/exec.ts'
import { readSwitch, readVariable } from '../cli/make-variables.ts'
import { runMain, say, step, UserError } from '../cli/terminal.ts'
import { noteMissingLimits } from '../deploy/preflight/missing-limits.ts'
import { listGatewayNamespaces } from '../deploy/preflight/other-resources.ts'
import { type InspectedMesh, inspectCluster } from '../deploy/preflight/preflight.ts'
import { checkWebhooks } from '../deploy/preflight/webhooks/check-webhooks.ts'
import { readComponents } from '../deploy/render/components.ts'
import { application, readSetting } from '../kube/application.ts'
import { readWantedRoute } from '../kube/gateway/public-route.ts'
import { checkNoOtherLayout, parseOverlay } from '../kube/layouts.ts'
import type { Resource } from '../kube/resources.ts'
import { findComplaints } from './istioctl.ts'
import { formatDrift, judgeDrift } from './live/drift/judge-drift.ts'
import { readDrift } from './live/drift/read-drift.ts'
import { judgeLive } from './live/judge-live.ts'
import { formatJudgment } from './live/judgment.ts'
import { chooseApplication } from './model/derive-application.ts'
import { readRendered } from './read-rendered.ts'
import { readSubject } from './read-subject.ts'
import { applyRules, type Rule, type RuleFinding } from './rule.ts'
import { rulesOf } from './rules.ts'
import { findSchemaErrors, listMissingNamespaces } from './schema.ts'
import { formatFindings, type Located, locateFindings } from './source/locate.ts'
import type { Subject } from './subject.ts'

const parent = resolve(CHECKOUT, '.deploy')

/** Ends a step that has findings, so that it shows as failed. */
class FoundError extends Error {}

await runMain(async () => {
  const isLive = readSwitch('LIVE')
  const layout = parseOverlay(readSetting('OVERLAY'))
  const components = await readComponents(layout)
  const cluster = await inspectCluster(layout, {
    revision: readVariable('ISTIO_REVISION'),
    route: readWantedRoute(),
    tokenKeys: readVariable('TOKEN_KEYS'),
  })
    .then((mesh) => ({ mesh }))
    .catch((error) => {
      if (!(error instanceof UserError)) throw error
      say(`without the cluster: ${error.message}\n  → ${error.todo}`)
      return undefined
    })
  if (isLive && cluster !== undefined) await checkNoOtherLayout(layout)
  await mkdir(parent, { recursive: true })
  await using folder = await mkdtempDisposable(join(parent, 'analyze-'))
  const subject = await step('the resources are read', async () => {
    const files = readVariable('FILES')
    if (files !== undefined) return readSubject(files, folder.path)
    return readRendered({
      layout,
      components,
      mesh: cluster?.mesh,
      folder: folder.path,
      isLive: isLive && cluster !== undefined,
    })
  })
  const { resources } = subject
  const rules = rulesOf(layout)
  noteMissingLimits(resources, readVariable('FILES') !== undefined)
  const isDescribed = readVariable('FILES') === undefined || readVariable('CONFIG') !== undefined
  const judged = isDescribed ? application : chooseApplication(resources)
  const check = (title: string, find: () => Promise<RuleFinding[]>) => runPart(title, subject, find)
  const found = [
    ...subject.unread.map((each) => ({ ...each, rule: 'yaml' })),
    ...(await check(`${rules.length} rules of this project`, async () =>
      applyRules(rules, resources, judged),
    )),
  ]
  if (layout.isMeshed) {
    const mesh = cluster?.mesh
    const scope = mesh === undefined ? 'files only' : 'with the resources of the cluster'
    found.push(
      ...(await check(`istioctl analyze, ${scope}`, () =>
        findComplaints(subject, mesh?.injector.revision),
      )),
    )
  }
  if (cluster === undefined) {
    say('  FAIL  schemas: not checked. Set KUBECONFIG to a cluster whose API server can check them')
    process.exitCode = 1
  } else {
    const missing = await listMissingNamespaces(resources)
    const note =
      missing.length === 0
        ? ''
        : ` (in "default", because the cluster has no namespace ${missing.join()})`
    found.push(
      ...(await check(
        `schemas of ${resources.length} resources, checked by the API server${note}`,
        () => findSchemaErrors(resources, missing),
      )),
    )
  }
  const report =
    formatFindings(found) + (isLive ? await reportLive(subject.placed, rules, cluster) : '')
  process.stdout.write(report)
  say(report === '' ? 'no findings' : `findings: ${report.trim().split('\n').length}`)
  if (report !== '') process.exitCode = 1
})

/**
 * Returns a line for each difference from what would be applied, and for each resource of others that opens, breaks or weakens the
 * Pods. Prints notes about others.
 */
async function reportLive(
  resources: readonly Resource[],
  rules: readonly Rule[],
  cluster: { mesh: InspectedMesh | undefined } | undefined,
): Promise<string> {
  if (cluster === undefined) {
    say('  FAIL  what is on the cluster: not checked. Set KUBECONFIG to the cluster')
    process.exitCode = 1
    return ''
  }
  const drifts = await reportDrift(resources, rules)
  const judgments = cluster.mesh === undefined ? [] : await judgeMesh(resources, cluster.mesh)
  const [notes = [], findings = []] = [true, false].map((isNote) =>
    judgments.filter(({ severity }) => (severity === 'note') === isNote),
  )
  say(`  ${findings.length === 0 ? 'ok  ' : 'FAIL'}  the resources of others on the cluster`)
  for (const each of notes) say(`  note  ${formatJudgment(each)}`)
  const lines = findings.map((each) => `[${each.severity}] ${formatJudgment(each)}\n`)
  return [...drifts, ...lines, ...(await reportWebhooks(resources))].join('')
}

function judgeMesh(resources: readonly Resource[], { controlPlane, route, tokens }: InspectedMesh) {
  return judgeLive({
    ...{ resources, controlPlane, issuer: tokens.issuer },
    gatewayNamespaces: listGatewayNamespaces(route),
  })
}

/** Returns a line for each field of our resources that differs on the cluster. */
async function reportDrift(
  resources: readonly Resource[],
  rules: readonly Rule[],
): Promise<string[]> {
  const input = await readDrift(resources)
  if (input.problem !== '') say(`  note  not all resources are compared: ${input.problem}`)
  const judging = rules.filter(({ compares }) => !compares)
  const drifts = judgeDrift(resources, input, judging, application)
  say(
    `  ${drifts.length === 0 ? 'ok  ' : 'FAIL'}  our resources on the cluster are what would be applied`,
  )
  return drifts.map((each) => `[differs] ${formatDrift(each)}\n`)
}

/** Returns a line if a webhook keeps the Pods from starting or signing. */
async function reportWebhooks(resources: readonly Resource[]): Promise<string[]> {
  try {
    await step('webhooks leave the Pods as they must be (dry run)', () => checkWebhooks(resources))
    return []
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return [`[webhook] ${error.message.replaceAll(/\s+/g, ' ')} ${error.todo}\n`]
  }
}

async function runPart(
  title: string,
  subject: Subject,
  find: () => Promise<RuleFinding[]>,
): Promise<Located[]> {
  let found: RuleFinding[] = []
  await step(title, async () => {
    found = await find()
    if (found.length > 0) throw new FoundError()
  }).catch((error) => {
    if (error instanceof FoundError) return
    if (!(error instanceof CommandError)) throw error
    // The findings of the other parts are still useful.
    say(error.message)
    process.exitCode = 1
  })
  return locateFindings(subject, found)
}
