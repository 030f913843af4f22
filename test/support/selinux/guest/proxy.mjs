// Stands for istio-proxy: hands requests to the signer's socket. At the start, and at each SIGUSR2, it has a message signed.
import { createServer, request } from 'node:http'

createServer((incoming, outgoing) => {
  const { method, url: path, headers } = incoming
  const onward = request({ socketPath: '/run/signer/signer.sock', method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(outgoing)
  })
  onward.on('error', (error) => outgoing.writeHead(503).end(error.message))
  incoming.pipe(onward)
}).listen(8081, '127.0.0.1')

let count = 0
async function ask() {
  const body = JSON.stringify({ message: 'hello' })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch('http://127.0.0.1:8080/process', { method: 'POST', headers, body }).catch(() => undefined)
  if (answer?.ok) console.log(`answer ${++count} ${await answer.text()}`)
  else setTimeout(ask, 500)
}
process.on('SIGUSR2', ask)
ask()
