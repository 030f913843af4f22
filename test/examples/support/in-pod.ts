// Requests from the network of a Pod, as each of its containers sends them. The images of applications have no program for it.
import { run } from '../../../tools/cli/exec.ts'
import { findNodeInit, findSandboxOf } from '../../../tools/verify/faults/support/node.ts'

const TIMEOUT_MS = 5_000
/** Prints the status and the body, or why there is none. */
const program = `
  const [url, host] = process.argv.slice(1)
  const request = require('node:http').get(url, { headers: { host }, timeout: ${TIMEOUT_MS} }, (response) => {
    let body = ''
    response.on('data', (chunk) => { body += chunk })
    response.on('end', () => console.log(response.statusCode, body))
  })
  request.on('timeout', () => request.destroy(new Error('timeout')))
  request.on('error', ({ code, message }) => console.log(code ?? message))`

/** Gets `url` in the network of the Pod with this uid, or of the node. */
export async function getFrom(origin: { uid: string } | 'node', url: string, host: string) {
  const pid = origin === 'node' ? await findNodeInit() : await findSandboxOf(origin.uid)
  const args = [`--net=/proc/${pid}/ns/net`, process.execPath, '-e', program, url, host]
  return (await run('nsenter', args)).trim()
}
