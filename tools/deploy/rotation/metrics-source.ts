// Reads from a signer's metrics which keys it holds. A port-forward ends at the Pod's loopback, and the proxy sees the request as
// the Pod's own. mesh/signer-allow-metrics.yaml allows exactly that.
import type { Form } from '../../../runtime/contract.ts'
import { atPace } from '../../cli/pace.ts'
import { namespace, signerPort } from '../../kube/names.ts'
import { startPortForward } from '../../kube/port-forward.ts'
import { parseKeyMetrics } from '../keys/key-metrics.ts'
import { type KeyReport, type KeySource, reportTooOld } from './key-source.ts'

/** Milliseconds for the answer of one Pod. */
const answerTimeoutMs = 3_000

export async function openMetrics(pod: string, form: Form = 'raw'): Promise<KeySource> {
  const { port, stop } = await startPortForward(['-n', namespace, `pod/${pod}`], signerPort)
  return { read: () => readKeys(port, form), stop }
}

async function readKeys(port: number, form: Form): Promise<KeyReport> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
    signal: AbortSignal.timeout(atPace(answerTimeoutMs)),
  })
  const text = await response.text()
  if (!response.ok) return { problem: `GET /metrics returns ${response.status}` }
  const keys = parseKeyMetrics(text, form)
  return keys === undefined ? reportTooOld(form) : { keys }
}
