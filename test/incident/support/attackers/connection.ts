// A connection of HTTP/1.1 that the attacker controls: what is sent at once, what follows later, and what comes back.
import { connect } from 'node:net'
import { proxy } from './signed-request.ts'
import { countAnswer, countEnd, type Tally } from './tally.ts'

export type Connection = {
  isOpen: () => boolean
  /** Sends a request, or the beginning of one. Resolves after its answer, which `tally` counts. */
  send: (bytes: string) => Promise<void>
  /** Sends more of the last request. */
  sendMore: (bytes: string) => void
}

/** Opens a connection to the proxy. Rejects with the error of the system. */
export function openConnection(tally: Tally): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const waiting: (() => void)[] = []
    let received = ''
    const socket = connect(proxy, () => resolve({ isOpen, send, sendMore }))
    const isOpen = () => !socket.destroyed
    const sendMore = (bytes: string) => void socket.write(bytes)

    function send(bytes: string): Promise<void> {
      const answered = new Promise<void>((done) => waiting.push(done))
      if (isOpen()) socket.write(bytes)
      else endAll('closed')
      return answered
    }
    function endAll(how: string): void {
      for (const done of waiting.splice(0)) {
        countEnd(tally, how)
        done()
      }
    }
    socket.setNoDelay(true).setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      received += chunk
      for (let end = findEnd(received); end > 0; end = findEnd(received)) {
        countAnswer(tally, received.slice(0, end))
        received = received.slice(end)
        waiting.shift()?.()
      }
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      endAll(error.code ?? error.message)
      reject(error)
    })
    socket.on('close', () => endAll('closed'))
  })
}

/** Finds the end of the first answer, which has a length or chunks. Returns 0 if it is not there yet. */
function findEnd(received: string): number {
  const head = received.indexOf('\r\n\r\n')
  if (head < 0) return 0
  const length = /^content-length: (\d+)\r$/im.exec(received.slice(0, head + 2))?.[1]
  if (length !== undefined) {
    const end = head + 4 + Number(length)
    return received.length < end ? 0 : end
  }
  const last = received.indexOf('\r\n0\r\n\r\n', head)
  return last < 0 ? 0 : last + 7
}
