// What the frontend reports about its caller token, and what Prometheus would make of it.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { z } from 'zod'
import { tryRun } from '../../../tools/cli/exec.ts'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { deployment, namespace } from '../../../tools/kube/names.ts'
import { startPortForward } from '../../../tools/kube/port-forward.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { makeFolder } from '../../support/folder.ts'
import { readRules } from '../../support/monitoring/expressions.ts'
import { buildTestPrograms } from '../../support/programs/programs.ts'

const EFFECT_MS = 90_000
const alert = 'SecureSigningCallerTokenRefused'
const pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string(), deletionTimestamp: z.string().optional() }),
      status: z.object({
        containerStatuses: z.array(z.object({ name: z.string(), ready: z.boolean() })).default([]),
      }),
    }),
  ),
})

/** Returns the names of the Pods, and whether the frontend in each is ready. */
export async function listFrontends(): Promise<Map<string, boolean>> {
  const args = ['get', 'pods', '-n', namespace, '-l', `app=${deployment}`, '-o', 'json']
  const { items } = await kubectlJson(pods, args)
  return new Map(
    items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata, status }) => [
        metadata.name,
        status.containerStatuses.some(({ name, ready }) => name === 'frontend' && ready),
      ]),
  )
}

/** Waits until the Pod reports that the mesh refuses its newest token, or accepts it. Returns the milliseconds. */
export async function waitForRefusal(pod: string, isRefused: boolean): Promise<number> {
  const start = performance.now()
  const { port, stop } = await startPortForward(['-n', namespace, `pod/${pod}`], 8080)
  const wanted = new RegExp(`^caller_token_refused ${Number(isRefused)}$`, 'm')
  try {
    await waitFor(
      async () =>
        wanted.test(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()) || undefined,
      EFFECT_MS,
      () => `caller_token_refused is not ${Number(isRefused)}`,
    )
  } finally {
    stop()
  }
  return Math.round(performance.now() - start)
}

/** Has promtool evaluate the alert for a Pod with this value. Throws unless the alert fires at once, or not at all. */
export async function expectAlert(pod: string, isRefused: boolean): Promise<void> {
  const folder = await makeFolder()
  const labels = `namespace="${namespace}", container="frontend", pod="${pod}"`
  const series = `caller_token_refused{${labels}}`
  const found = { exp_labels: { pod, severity: 'critical' } }
  const { groups } = await readRules()
  const rules = groups.map(({ name, rules }) => ({
    name,
    rules: rules.filter((each) => each.alert === alert).map(({ annotations: _, ...rule }) => rule),
  }))
  await writeFile(join(folder, 'rules.yaml'), stringify({ groups: rules }))
  const test = {
    rule_files: ['rules.yaml'],
    tests: [
      {
        interval: '30s',
        input_series: [{ series, values: String(Number(isRefused)) }],
        alert_rule_test: [
          { alertname: alert, eval_time: '0s', exp_alerts: isRefused ? [found] : [] },
        ],
      },
    ],
  }
  await writeFile(join(folder, 'test.yaml'), stringify(test))
  const promtool = join(await buildTestPrograms('prometheus'), 'promtool')
  const { code, stdout, stderr } = await tryRun(promtool, ['test', 'rules', 'test.yaml'], {
    cwd: folder,
  })
  if (code !== 0) throw new Error(stdout + stderr)
}

export async function scale(replicas: number): Promise<void> {
  await kubectl(['scale', `deployment/${deployment}`, '-n', namespace, `--replicas=${replicas}`])
}
