// Compares the end of each chain with what Prometheus has counted. Whoever cuts the end of a log leaves no other trace.
import { z } from 'zod'
import { parseJson } from '../../../runtime/json/parse-json.ts'
import { explainFetchError } from '../../cli/fetch-error.ts'
import { UserError } from '../../cli/terminal.ts'
import { namespace } from '../../kube/names.ts'
import type { Report } from './audit-verifier.ts'
import type { Fault } from './fault.ts'

const metric = 'signer_audit_records'
const TIMEOUT_MS = 30_000
const DAY_MS = 86_400_000
const labels = z.record(z.string(), z.string())
const value = z.tuple([z.number(), z.coerce.number()])
const vector = z.object({
  data: z.object({ result: z.array(z.object({ metric: labels, value })) }),
})
const scalar = z.object({ data: z.object({ result: value }) })

type Count = { instance: string; pod: string | undefined; records: number }
export type Prometheus = {
  /** Returns its time, in ms since 1970. */
  readTime: () => Promise<number>
  /** Returns what is missing at the ends of the chains, until the logs were read. */
  findCutEnds: (report: Report, readAt: number) => Promise<Fault[]>
}

/** `url`: the address of its API. */
export function createPrometheus(url: string): Prometheus {
  async function query<T>(schema: z.ZodType<T>, expression: string, time?: number): Promise<T> {
    const parameters = new URLSearchParams({ query: expression })
    if (time !== undefined) parameters.set('time', String(time / 1000))
    const body = await fetchText(`${url.replace(/\/+$/, '')}/api/v1/query?${parameters}`)
    const parsed = schema.safeParse(parseJson(body))
    if (parsed.success) return parsed.data
    throw problem(`${url} does not answer as Prometheus: ${body.slice(0, 200)}`)
  }

  /** Returns the highest count of each instance between the times. */
  async function readCounts(from: number, to: number, whose: string): Promise<Count[]> {
    const seconds = Math.max(1, Math.ceil((to - from) / 1000))
    const series = `${metric}{namespace=~"${namespace}|"${whose}}`
    const expression = `max_over_time(${series}[${seconds}s])`
    const { data } = await query(vector, expression, to)
    return data.result.map(
      ({ metric: { audit_instance: instance = '', pod }, value: [, records] }) => ({
        ...{ instance, pod, records },
      }),
    )
  }

  async function findCutEnds({ instances, from }: Report, readAt: number): Promise<Fault[]> {
    const start = Number.isNaN(Date.parse(from)) ? readAt - DAY_MS : Date.parse(from)
    const known = new Map(instances.map((each) => [each.instance, each]))
    const counts = await readCounts(start, readAt, '')
    if (counts.length === 0) return [{ text: `Prometheus has no ${metric} of this time` }]
    const faults: Fault[] = []
    for (const { instance, pod, records } of counts) {
      const found = known.get(instance)
      const where = pod === undefined ? '' : ` of the Pod ${pod}`
      if (found === undefined && records > 0) {
        const text = `deleted: no record${where} is here, and Prometheus counted ${records}`
        faults.push({ instance, text })
      }
      if (found === undefined || records <= found.last) continue
      // The signer may have written more after this log was read.
      const then = await readCounts(start, found.readAt, `,audit_instance="${instance}"`)
      const counted = Math.max(0, ...then.map((each) => each.records))
      if (counted <= found.last) continue
      const text = `deleted: the records${where} end with seq ${found.last}, and Prometheus counted ${counted}`
      faults.push({ instance, text })
    }
    return faults
  }

  const readTime = async () => (await query(scalar, 'time()')).data.result[1] * 1000
  return { readTime, findCutEnds }
}

async function fetchText(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    return await response.text()
  } catch (error) {
    throw problem(`cannot reach Prometheus: ${explainFetchError(error)}`)
  }
}

function problem(what: string): UserError {
  return new UserError(
    what,
    'Set PROMETHEUS_URL to its address, for example http://127.0.0.1:9090 after kubectl port-forward.',
  )
}
