// A log whose end was cut off is found by what Prometheus has counted, and nothing else is reported.
import { afterEach, expect, test, vi } from 'vitest'
import { formatFault } from '../../../../tools/verify/audit/fault.ts'
import { createPrometheus } from '../../../../tools/verify/audit/prometheus.ts'
import { makeSigner } from '../../../support/audit/records.ts'
import { verifyTexts } from '../../../support/audit/verify-text.ts'

const { lines, instance } = makeSigner().work(20)
const [report, cut] = await Promise.all(
  [lines, lines.slice(0, 12)].map((each) => verifyTexts([[each.join('\n')]])),
)
const prometheus = createPrometheus('http://127.0.0.1:9090/')
afterEach(() => vi.unstubAllGlobals())

type Series = { instance: string; pod?: string; records: number }

/** Answers each query in turn, and returns the queries. */
function answer(...results: readonly Series[][]): URLSearchParams[] {
  const queries: URLSearchParams[] = []
  vi.stubGlobal('fetch', async (url: string) => {
    queries.push(new URL(url).searchParams)
    const result = (results[queries.length - 1] ?? []).map(({ instance, pod, records }) => ({
      metric: { audit_instance: instance, ...(pod && { pod }) },
      value: [0, String(records)],
    }))
    return new Response(
      JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }),
    )
  })
  return queries
}

async function findCutEnds(of = report) {
  if (of === undefined) throw new Error('no report')
  return (await prometheus.findCutEnds(of, 60_000)).map(formatFault)
}

test('a log with all that was counted is whole', async () => {
  const queries = answer([{ instance, records: 20 }])
  expect(await findCutEnds()).toEqual([])
  expect(queries[0]?.get('query')).toBe(
    'max_over_time(signer_audit_records{namespace=~"signing|"}[60s])',
  )
})

test('a cut end is named with its instance, its last record and the count', async () => {
  answer([{ instance, pod: 'a-1', records: 20 }], [{ instance, pod: 'a-1', records: 18 }])
  expect(await findCutEnds(cut)).toEqual([
    `instance ${instance}: deleted: the records of the Pod a-1 end with seq 12, and Prometheus counted 18`,
  ])
})

test('what was written after a log was read is not missing', async () => {
  const queries = answer([{ instance, records: 20 }], [{ instance, records: 12 }])
  expect(await findCutEnds(cut)).toEqual([])
  expect(queries[1]?.get('query')).toContain(`audit_instance="${instance}"`)
})

test('an instance without any record is named, unless it has written none', async () => {
  const others = ['b', 'c'].map((name) => ({ instance: name, pod: `pod-${name}` }))
  const counts = others.map((each, index) => ({ ...each, records: index * 5 }))
  answer([{ instance, records: 20 }, ...counts])
  expect(await findCutEnds()).toEqual([
    'instance c: deleted: no record of the Pod pod-c is here, and Prometheus counted 5',
  ])
})

test('a Prometheus that does not scrape signers is reported', async () => {
  answer([])
  expect(await findCutEnds()).toEqual(['Prometheus has no signer_audit_records of this time'])
})

test.each([
  ['cannot be reached', () => Promise.reject(new Error('connect ECONNREFUSED'))],
  ['is something else', async () => new Response('<html>')],
])('an address that %s is an error that says what to set', async (_, fetch) => {
  vi.stubGlobal('fetch', fetch)
  await expect(prometheus.readTime()).rejects.toMatchObject({
    name: 'UserError',
    todo: expect.stringContaining('PROMETHEUS_URL'),
  })
})
