// Finds the control that gave an answer.
import type { Outcome } from '../attack/probe.ts'
import { readStatus } from '../attack/requests.ts'
import type { Cell } from './report.ts'

const WORDS = 40

/** What the signer answers with, and no application by chance. */
const ofSigner =
  /"(signature|key_?[iI]ds?|valid|keys)"\s*:|"code":"(pairing|caller)_refused"|^signer_\w+/m

/** True if the signer admits the caller, and has only keys of the other form. */
export function lacksRawKey({ received }: Outcome): boolean {
  return readStatus(received) === 400 && received.includes('the signer has no raw key')
}

/** An answer through a gateway that others use too. Whatever is not the signer's shows that the gateway does not lead there. */
export function classifyBehindGateway(outcome: Outcome): Pick<Cell, 'seen' | 'answer'> {
  const found = classify(outcome)
  return readStatus(outcome.received) === undefined || ofSigner.test(outcome.received)
    ? found
    : { ...found, seen: 'route' }
}

/** An application may answer with any status that means success. */
export function classifyApplication(outcome: Outcome): Pick<Cell, 'seen' | 'answer'> {
  const status = readStatus(outcome.received) ?? 0
  return status >= 200 && status < 300
    ? { seen: 'served', answer: String(status) }
    : classify(outcome)
}

export function classify({ connected, end, received }: Outcome): Pick<Cell, 'seen' | 'answer'> {
  const status = readStatus(received)
  if (status === undefined) {
    const cutOff = connected && received === '' && end !== 'timeout'
    return { seen: cutOff ? 'mtls' : 'other', answer: cutOff ? 'closed' : end }
  }
  const body = received.slice(received.indexOf('\r\n\r\n') + 4).trim()
  if (status === 200) return { seen: 'served', answer: '200' }
  const code = /"code":"(\w+)"/.exec(body)?.[1]
  const answer = `${status} ${code ?? body.slice(0, WORDS)}`.trim()
  return { seen: findControl(status, body, code), answer }
}

function findControl(status: number, body: string, code: string | undefined): Cell['seen'] {
  if (code === 'pairing_refused') return 'pairing'
  if (code === 'caller_refused') return 'caller'
  if (body.startsWith('RBAC: ')) return 'policy'
  if (/^(Jwt |Jwks |Audiences in Jwt)/.test(body)) return 'token'
  // The gateway's 404 has no body. A 404 of the services has an error code.
  return status === 404 && body === '' ? 'route' : 'other'
}
