// The frontend's own metrics.
import { Gauge, type Registry } from 'prom-client'
import { describeIn } from '../runtime/metrics.ts'

export type FrontendMetrics = {
  /** `time` is in milliseconds since 1970. */
  setTokenExpiry: (time: number) => void
  setTokenRefused: (isRefused: boolean) => void
}

/** Adds the frontend's metrics to `registry`. */
export function createFrontendMetrics(registry: Registry): FrontendMetrics {
  const describe = describeIn(registry)
  const expires = 'When the current caller token expires. 0 if none was read.'
  const expiry = new Gauge(describe('caller_token_expiry_timestamp_seconds', expires))
  const lacks =
    '1 if the mesh refuses the newest caller token, because it lacks the key that signed it. Otherwise 0.'
  const refused = new Gauge(describe('caller_token_refused', lacks))
  return {
    setTokenExpiry: (time) => expiry.set(time / 1_000),
    setTokenRefused: (isRefused) => refused.set(Number(isRefused)),
  }
}
