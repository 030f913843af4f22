// HTTP/2 by hand, because Node's client opens no stream after a GOAWAY. See RFC 9113 and RFC 7541.
import { connect } from 'node:net'
import { proxy, type Request } from './signed-request.ts'

const [DATA, HEADERS, RESET, SETTINGS, PING, WINDOW] = [0, 1, 3, 4, 6, 8]
const [END_STREAM, ACK, END_HEADERS] = [1, 1, 4]
const INITIAL_WINDOW = 4
const FRAME_BYTES = 16_384

export type Http2 = {
  /** Resolves with the body of the answer, or undefined if there is none. */
  send: (request: Request) => Promise<string | undefined>
  isOpen: () => boolean
}

export function openHttp2(): Promise<Http2> {
  return new Promise((resolve) => {
    const waiting = new Map<number, { text: string; resolve: (text?: string) => void }>()
    let received: Buffer = Buffer.alloc(0)
    let last = -1
    const socket = connect(proxy, () => {
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
      // Windows for all answers to come.
      const window = Buffer.concat([Buffer.from([0, INITIAL_WINDOW]), number(2 ** 30)])
      const sizes = [frame(SETTINGS, 0, 0, window), frame(WINDOW, 0, 0, number(2 ** 30))]
      socket.write(Buffer.concat(sizes))
      resolve({ send, isOpen: () => !socket.destroyed })
    })
    function finish(id: number, text?: string): void {
      waiting.get(id)?.resolve(text)
      waiting.delete(id)
    }
    function send({ path, headers, body }: Request): Promise<string | undefined> {
      last += 2
      const pseudo = {
        ...{ ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': 'localhost:8081' },
      }
      const fields = Object.entries({ ...pseudo, ...headers }).map(literal)
      const answered = new Promise<string | undefined>((resolve) => {
        waiting.set(last, { text: '', resolve })
      })
      const bytes = Buffer.from(body)
      const data = []
      for (let at = 0; at < bytes.length; at += FRAME_BYTES) {
        const isLast = at + FRAME_BYTES >= bytes.length
        data.push(frame(DATA, isLast ? END_STREAM : 0, last, bytes.subarray(at, at + FRAME_BYTES)))
      }
      if (socket.destroyed) finish(last)
      else
        socket.write(
          Buffer.concat([frame(HEADERS, END_HEADERS, last, Buffer.concat(fields)), ...data]),
        )
      return answered
    }
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= 9 && received.length >= 9 + received.readUIntBE(0, 3)) {
        const length = received.readUIntBE(0, 3)
        const [type, flags] = [received[3], received[4] ?? 0]
        const id = received.readUInt32BE(5)
        const payload = received.subarray(9, 9 + length)
        received = received.subarray(9 + length)
        if (type === SETTINGS && (flags & ACK) === 0) socket.write(frame(SETTINGS, ACK, 0))
        if (type === PING && (flags & ACK) === 0) socket.write(frame(PING, ACK, 0, payload))
        const stream = waiting.get(id)
        if (type === DATA && stream) stream.text += payload.toString('latin1')
        if ((type === DATA || type === HEADERS) && flags & END_STREAM) finish(id, stream?.text)
        if (type === RESET) finish(id)
      }
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      for (const id of [...waiting.keys()]) finish(id)
    })
  })
}

function frame(type: number, flags: number, id: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(id, 5)
  return Buffer.concat([head, payload])
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A header field without indexing and without Huffman's code. */
function literal([name, value]: [string, string]): Buffer {
  return Buffer.concat([Buffer.from([0]), ...[name, value].map(text)])
}

function text(value: string): Buffer {
  const bytes = [Math.min(value.length, 127)]
  for (let rest = value.length - 127; rest >= 0; rest >>= 7) {
    bytes.push(rest >= 128 ? (rest & 127) | 128 : rest)
    if (rest < 128) break
  }
  return Buffer.concat([Buffer.from(bytes), Buffer.from(value)])
}
