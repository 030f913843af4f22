// Where the time of a lone request goes. Each part is the difference of measured medians, so the parts together are the whole.
import type { SubjectId } from './subject.ts'

export type Part = { name: string; ms: number }

/**
 * Returns the parts of `/process` through the gateway, the first is the whole. `times`: the median of a lone call to each subject.
 * Undefined if a subject was not measured.
 */
export function breakDown(
  times: Partial<Record<SubjectId, number | undefined>>,
  hmacMs: number,
): Part[] | undefined {
  const { gateway, unsigned, pod, signer, probe } = times
  const sign = times['sign-in-pod']
  const probeWithToken = times['probe-with-token']
  const frontend = times['unsigned-in-pod']
  const isComplete =
    gateway !== undefined &&
    unsigned !== undefined &&
    pod !== undefined &&
    signer !== undefined &&
    probe !== undefined &&
    sign !== undefined &&
    probeWithToken !== undefined &&
    frontend !== undefined
  if (!isComplete) return undefined
  const token = probeWithToken - probe
  return [
    { name: '`/process` through the gateway', ms: gateway },
    { name: 'the same without signing', ms: unsigned },
    { name: 'gateway, proxy before the frontend', ms: gateway - pod },
    { name: 'frontend', ms: frontend },
    { name: 'client', ms: pod - sign - frontend },
    { name: 'proxy to the signer, twice', ms: sign - signer - token },
    { name: 'token check', ms: token },
    { name: 'signer', ms: signer - hmacMs },
    { name: 'HMAC', ms: hmacMs },
  ]
}
