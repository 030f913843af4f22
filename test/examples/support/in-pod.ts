// Requests from the network of a Pod, as each of its containers sends them. The images of applications have no program for it.
import { run } from '../../../tools/cli/exec.ts'
import { findSandboxOf } from '../../../tools/verify/faults/support/node.ts'
import type { RunningPod } from './workloads.ts'

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

/** Gets `url` in the network of the Pod. Returns status and body, or the error. */
export async function getFrom({ metadata }: RunningPod, url: string, host: string) {
  const network = `--net=/proc/${await findSandboxOf(metadata.uid)}/ns/net`
  return (await run('nsenter', [network, process.execPath, '-e', program, url, host])).trim()
}
