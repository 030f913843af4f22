// The Prometheus expressions of the alerts and the dashboard.
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'

const folder = join(CHECKOUT, 'k8s/monitoring')
const rule = z.looseObject({
  expr: z.string(),
  alert: z.string().optional(),
  record: z.string().optional(),
})
const prometheusRule = z.object({
  spec: z.object({ groups: z.array(z.object({ name: z.string(), rules: z.array(rule) })) }),
})
const dashboardMap = z.object({ data: z.object({ 'secure-signing.json': z.string() }) })
const dashboard = z.object({
  panels: z.array(
    z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })) }),
  ),
})

export async function readRules(): Promise<z.output<typeof prometheusRule>['spec']> {
  return prometheusRule.parse(await read('secure-signing-prometheus-rule.yaml')).spec
}

/** Lists the dashboard's expressions, with Grafana's variables filled in. */
export async function listDashboardExpressions(): Promise<string[]> {
  const { data } = dashboardMap.parse(await read('secure-signing-dashboard-config-map.yaml'))
  const { panels } = dashboard.parse(JSON.parse(data['secure-signing.json']))
  return panels.flatMap(({ targets }) =>
    targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m')),
  )
}

export async function listExpressions(): Promise<string[]> {
  const { groups } = await readRules()
  const rules = groups.flatMap((group) => group.rules.map(({ expr }) => expr))
  return [...rules, ...(await listDashboardExpressions())]
}

/** Lists the metrics in the expressions, without Prometheus' own. */
export function listMetricNames(expressions: readonly string[]): string[] {
  const own = ['up', 'ALERTS']
  const names = expressions.flatMap((each) =>
    [...each.matchAll(/\b([a-z_:]+)(?=\{|\[)/g)].map(([, name = '']) => name),
  )
  return [...new Set(names)].filter((name) => !own.includes(name)).toSorted()
}

async function read(file: string): Promise<unknown> {
  return parse(await readFile(resolve(folder, file), 'utf8'))
}
