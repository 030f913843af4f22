// The frontend's own metrics.
import { Gauge, type Registry } from 'prom-client'

export type FrontendMetrics = {
  /** `time` is in milliseconds since 1970. */
  setTokenExpiry: (time: number) => void
}

/** Adds the frontend's metrics to `registry`. */
export function createFrontendMetrics(registry: Registry): FrontendMetrics {
  const expiry = new Gauge({
    name: 'caller_token_expiry_timestamp_seconds',
    help: 'When the current caller token expires. 0 if none was read.',
    registers: [registry],
  })
  return { setTokenExpiry: (time) => expiry.set(time / 1_000) }
}
