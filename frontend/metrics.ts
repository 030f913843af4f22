// The frontend's own metrics.
import { Gauge, type Registry } from 'prom-client'

export type FrontendMetrics = {
  /** `time` is in milliseconds since 1970. */
  setTokenExpiry: (time: number) => void
  setTokenRefused: (isRefused: boolean) => void
}

/** Adds the frontend's metrics to `registry`. */
export function createFrontendMetrics(registry: Registry): FrontendMetrics {
  const expiry = new Gauge({
    name: 'caller_token_expiry_timestamp_seconds',
    help: 'When the current caller token expires. 0 if none was read.',
    registers: [registry],
  })
  const refused = new Gauge({
    name: 'caller_token_refused',
    help: '1 if the mesh refuses the newest caller token, because it lacks the key that signed it. Otherwise 0.',
    registers: [registry],
  })
  return {
    setTokenExpiry: (time) => expiry.set(time / 1_000),
    setTokenRefused: (isRefused) => refused.set(Number(isRefused)),
  }
}
