// What the frontend counts besides requests.
import { Gauge, type Registry } from 'prom-client'

export type FrontendMetrics = {
  /** `time`: in milliseconds since 1970. */
  setTokenExpiry: (time: number) => void
}

/** Adds the frontend's metrics to `registry`. */
export function createFrontendMetrics(registry: Registry): FrontendMetrics {
  const expiry = new Gauge({
    name: 'caller_token_expiry_timestamp_seconds',
    help: 'When the caller token that was read last expires. 0 if there was none.',
    registers: [registry],
  })
  return { setTokenExpiry: (time) => expiry.set(time / 1_000) }
}
