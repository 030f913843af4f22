// A minimal frontend: node:http on loopback that converts the message to upper case and calls the minimal signer. It checks nothing.
import { Agent, createServer, request } from 'node:http'
import { json, text } from 'node:stream/consumers'

const [port, signerPort] = process.argv.slice(2).map(Number)
const agent = new Agent({ keepAlive: true })

const server = createServer(async (incoming, outgoing) => {
  const { message } = (await json(incoming)) as { message: string }
  const processed = message.toUpperCase()
  const { signature } = JSON.parse(await sign(JSON.stringify({ message: processed })))
  outgoing.setHeader('content-type', 'application/json')
  outgoing.end(JSON.stringify({ processed_message: processed, signature }))
})
server.listen(port, '127.0.0.1', () => console.log('"event":"listening"'))

function sign(body: string): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const options = { agent, host: '127.0.0.1', port: signerPort, path: '/sign', headers }
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, method: 'POST' }, (answer) => resolve(text(answer)))
    sent.on('error', reject)
    sent.end(body)
  })
}
