// Finds the control that gave an answer.
import type { Outcome } from '../attack/probe.ts'
import { readStatus } from '../attack/requests.ts'
import type { Cell } from './report.ts'

const WORDS = 40

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
  if (/^(Jwt |Audiences in Jwt)/.test(body)) return 'token'
  // The gateway's 404 has no body. A 404 of the services has an error code.
  return status === 404 && body === '' ? 'route' : 'other'
}
