// A minimal signer: the same HMAC behind node:http on loopback, without any check.
import { createHmac, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'

const key = randomBytes(32)
const server = createServer(async (incoming, outgoing) => {
  const { message } = (await json(incoming)) as { message: string }
  const signature = createHmac('sha256', key).update(message).digest('hex')
  outgoing.setHeader('content-type', 'application/json')
  outgoing.end(JSON.stringify({ signature }))
})
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('"event":"listening"'))
