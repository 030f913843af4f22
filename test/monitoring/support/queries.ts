// What the Prometheus knows: asked through the API server, as its own page asks it.
import { z } from 'zod'
import { kubectl } from '../../../tools/kube/kubectl.ts'
import { waitFor } from '../../../tools/verify/attack/wait.ts'
import { ALERT_MS } from '../../support/timeouts.ts'
import { namespace } from './prometheus.ts'

const api = `/api/v1/namespaces/${namespace}/pods/prometheus-test-0:9090/proxy/api/v1`
const labels = z.record(z.string(), z.string())
const vector = z.object({
  result: z.array(z.object({ metric: labels, value: z.tuple([z.number(), z.string()]) })),
})
const alertList = z.object({
  alerts: z.array(z.object({ labels, state: z.string(), annotations: labels })),
})
const targetList = z.object({
  activeTargets: z.array(
    z.object({ labels, scrapeUrl: z.string(), health: z.string(), lastError: z.string() }),
  ),
})

export type Labels = z.output<typeof labels>
export type Sample = { labels: Labels; value: number }
export type Alert = { name: string; labels: Labels; summary: string }
export type Target = z.output<typeof targetList>['activeTargets'][number]

async function ask<T>(schema: z.ZodType<T>, path: string): Promise<T> {
  const text = await kubectl(['get', '--raw', `${api}/${path}`])
  return z.object({ data: schema }).parse(JSON.parse(text)).data
}

/** Evaluates a PromQL expression. */
export async function query(expression: string): Promise<Sample[]> {
  const { result } = await ask(vector, `query?query=${encodeURIComponent(expression)}`)
  return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }))
}

export async function listTargets(): Promise<Target[]> {
  return (await ask(targetList, 'targets?state=active')).activeTargets
}

export async function listFiring(): Promise<Alert[]> {
  const { alerts } = await ask(alertList, 'alerts')
  return alerts
    .filter(({ state }) => state === 'firing')
    .map(({ labels: { alertname: name = '', ...rest }, annotations: { summary = '' } }) => ({
      name,
      labels: rest,
      summary,
    }))
}

export async function waitForAlert(name: string, wanted: Labels = {}): Promise<Alert> {
  return waitFor(
    async () => (await listFiring()).find((alert) => alert.name === name && has(alert, wanted)),
    ALERT_MS,
    () => `${name} ${JSON.stringify(wanted)} does not fire`,
  )
}

export async function waitForQuiet(name: string): Promise<void> {
  await waitFor(
    async () => (await listFiring()).every((alert) => alert.name !== name) || undefined,
    ALERT_MS,
    () => `${name} still fires`,
  )
}

function has(alert: Alert, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => alert.labels[key] === value)
}
