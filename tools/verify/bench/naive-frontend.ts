// A minimal frontend: node:http on loopback that converts the message to upper case and calls the minimal signer. It checks nothing.
// It reads bodies by events, because that costs the least.
import { Agent, createServer, request } from 'node:http'
import type { Readable } from 'node:stream'

const [port, signerPort] = process.argv.slice(2).map(Number)
const agent = new Agent({ keepAlive: true })

const server = createServer((incoming, outgoing) => {
  read(incoming, (text) => {
    const processed = JSON.parse(text).message.toUpperCase()
    sign(JSON.stringify({ message: processed }), (answer) => {
      outgoing.setHeader('content-type', 'application/json')
      outgoing.end(JSON.stringify({ processed_message: processed, ...JSON.parse(answer) }))
    })
  })
})
server.listen(port, '127.0.0.1', () => console.log('"event":"listening"'))

function sign(body: string, done: (answer: string) => void): void {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const options = { agent, host: '127.0.0.1', port: signerPort, path: '/sign', headers }
  request({ ...options, method: 'POST' }, (answer) => read(answer, done)).end(body)
}

function read(stream: Readable, done: (text: string) => void): void {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('end', () => done(Buffer.concat(chunks).toString()))
}
