// Figures of a benchmark as it could be measured, for the tests of its report.
import type { Load } from '../../../../tools/verify/bench/generator.ts'
import type { Report, Row } from '../../../../tools/verify/bench/report.ts'
import type { SubjectId } from '../../../../tools/verify/bench/subject.ts'

export function makeLoad(perSecond: number, failed = 0): Load {
  return { perSecond, served: perSecond * 2, failed, p50Ms: 1_000 / perSecond, p99Ms: 9 }
}

/** `rates`: requests a second at 1, 32 and 128 connections. */
export function makeRow(id: SubjectId, rates: readonly number[], signatures = 1): Row {
  const loads = rates.map((rate, index): [number, Load] => [
    [1, 32, 128][index] ?? 0,
    makeLoad(rate),
  ])
  const isOurs = [
    'gateway',
    'webhooks',
    'pod',
    'webhooks-in-pod',
    'signer',
    'sign-in-pod',
  ].includes(id)
  return { id, name: `the ${id}`, isOurs, signatures, loads: new Map(loads) }
}

export function makeReport(rows: readonly Row[]): Report {
  const memory = [
    { name: 'signer over its socket', readyMs: 124.4, idleMib: 60, afterMib: 71.24 },
    { name: 'signer in its Pod', idleMib: 60, afterMib: 70 },
  ]
  const cpuTimes = [{ name: 'the pod', application: 60, signer: 20, proxy: 40 }]
  return { rows, hmacPerSecond: 500_000, cpuTimes, memory, conditions: 'On a machine.' }
}

export const complete = makeReport([
  makeRow('gateway', [400, 3_000, 3_200]),
  makeRow('unsigned', [800, 4_000, 4_000]),
  makeRow('webhooks', [400, 2_850, 3_040]),
  makeRow('pod', [1_000, 10_000, 11_000]),
  makeRow('webhooks-in-pod', [1_000, 9_500, 11_000]),
  makeRow('pair', [4_000, 20_000, 20_000]),
  makeRow('flask', [250, 500, 500]),
  makeRow('naive', [5_000, 20_000]),
  makeRow('signer', [4_000, 16_000]),
  makeRow('signer-batch', [2_000, 4_000], 100),
  makeRow('sign-in-pod', [2_000, 3_000]),
  makeRow('unsigned-in-pod', [5_000]),
  makeRow('probe', [2_500]),
  makeRow('probe-with-token', [2_000]),
])
