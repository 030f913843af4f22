// examples/webhooks on the local cluster, by the commands of its README.
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CHECKOUT } from '../../../tools/cli/checkout.ts'
import { run } from '../../../tools/cli/exec.ts'
import { kubectl, kubectlJson } from '../../../tools/kube/kubectl.ts'
import { makeFolder } from '../../support/folder.ts'
import { findBlock } from '../../support/pages/blocks.ts'

const EXAMPLE = 'examples/webhooks'
const README = `${EXAMPLE}/README.md`
export const sender = 'webhooks'
export const consumers = ['acme', 'globex'] as const
export type Consumer = (typeof consumers)[number]
export type Received = { accepted: number; repeated: number; refused: number; ids: string[] }

const gatewayUrl = process.env.GATEWAY_URL ?? ''
const secret = z.object({ data: z.record(z.string(), z.string()) })

/** Runs the block of the README that contains `text`, with `replace` put in. Returns its standard output. */
export function follow(text: string, replace: Record<string, string> = {}): Promise<string> {
  const all = { 'http://GATEWAY': gatewayUrl, ...replace }
  const script = Object.entries(all).reduce(
    (code, [from, to]) => code.replaceAll(from, to),
    findBlock(README, 'sh', text),
  )
  const env = { ...process.env, COMPONENTS: '' }
  return run('bash', ['-euo', 'pipefail', '-c', script], { cwd: CHECKOUT, env })
}

/** Deploys the sender again with these versions of acme's secret, as the README says. */
export async function deployVersions(...versions: number[]): Promise<void> {
  const folder = await makeFolder()
  await cp(join(CHECKOUT, EXAMPLE), folder, { recursive: true })
  const file = join(folder, 'consumers.yaml')
  const text = (await readFile(file, 'utf8')).replace(
    '"consumer": "acme", "consumerVersions": [1]',
    `"consumer": "acme", "consumerVersions": ${JSON.stringify(versions)}`,
  )
  await writeFile(file, text)
  const env = { ...process.env, COMPONENTS: '' }
  await run('make', ['deploy', `CONFIG=${folder}/signing.yaml`], { cwd: CHECKOUT, env })
}

/** Reads what the receiver has counted since it started. */
export async function readReceived(consumer: Consumer): Promise<Received> {
  const path = `/api/v1/namespaces/${consumer}/services/receiver:80/proxy/received`
  return JSON.parse(await kubectl(['get', '--raw', path]))
}

export async function readSecretOf(consumer: Consumer): Promise<string> {
  const args = ['get', 'secret', 'webhook', '-n', consumer, '-o', 'json']
  const { data } = await kubectlJson(secret, args)
  return Buffer.from(data.secret ?? '', 'base64')
    .toString()
    .trim()
}

/** Sends an event to the sender through the gateway. Returns the id of its webhook. */
export async function sendEvent(consumer: Consumer, data: unknown): Promise<string> {
  const headers = ['-H', 'Host: webhooks.example', '-H', 'content-type: application/json']
  const body = JSON.stringify({ consumer, type: 'order.created', data })
  const said = await run('curl', ['-sS', '-f', ...headers, '-d', body, `${gatewayUrl}/events`])
  return z.object({ id: z.string() }).parse(JSON.parse(said)).id
}

/** Runs JavaScript in the sender's container. Returns what it prints as JSON. */
export async function runInSender(code: string): Promise<unknown> {
  const node = ['/nodejs/bin/node', '--input-type=module', '-e', code]
  const where = ['-n', sender, 'deployment/sender', '-c', 'sender']
  return JSON.parse(await kubectl(['exec', ...where, '--', ...node]))
}

/** The sender's log since `since`: which webhooks were delivered, and each failed attempt. */
export async function readDeliveries(
  since: Date,
): Promise<{ delivered: string[]; failures: string[] }> {
  const where = ['-n', sender, 'deployment/sender', '-c', 'sender']
  const log = await kubectl(['logs', ...where, `--since-time=${since.toISOString()}`])
  return {
    delivered: [...log.matchAll(/^(\S+) delivered to /gm)].map(([, id = '']) => id),
    failures: log.match(/^.* not delivered .*$/gm) ?? [],
  }
}
