// A user's first hour with kind: the README's commands, typed as they are, on a machine with a real Docker.
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CHECKOUT } from '../../tools/cli/checkout.ts'
import { startKindMachine } from '../support/kind/kind-machine.ts'
import type { Machine } from '../support/kind/machine.ts'

const UP_MS = 900_000
const MATRIX_MS = 600_000
const kubeconfig = `KUBECONFIG=${CHECKOUT}/.cluster/kind-kubeconfig`

let machine: Machine
/** What `make up CLUSTER=kind` printed. */
let printed = ''
beforeAll(async () => {
  machine = await startKindMachine()
}, UP_MS)
afterAll(async () => machine?.stop(), 120_000)

/** Runs a command line there. Returns what it prints on both outputs, and reports its time. */
async function type(line: string): Promise<{ code: number; said: string }> {
  const start = performance.now()
  const { code, stdout, stderr } = await machine.tryRun(['bash', '-c', line])
  console.info(`${line.split('\n').at(-1)}: ${Math.round((performance.now() - start) / 1000)} s`)
  return { code, said: stdout + stderr }
}

test.each([
  ['DOCKER_HOST=unix:///run/none', 'Docker does not work: ', 'start its engine'],
  ['PATH=/usr/sbin:/usr/bin', 'kind is not on the PATH', 'https://kind.sigs.k8s.io'],
])('with %s, make up says what is missing', async (setting, what, todo) => {
  const { code, said } = await type(`${setting} make up CLUSTER=kind`)
  expect(code).not.toBe(0)
  expect(said).toContain(what)
  expect(said).toContain(todo)
})

test('make up creates the cluster, deploys, and prints commands', { timeout: UP_MS }, async () => {
  const { code, said } = await type('make up CLUSTER=kind')
  expect(code, said).toBe(0)
  expect(said).toContain('a message was signed through the gateway')
  printed = said
})

test('the printed commands return a signature by the key of the Secret', async () => {
  const forward = /^Run this in another terminal: (.*)$/m.exec(printed)?.[1] ?? ''
  const curl = /^curl .*$/m.exec(printed)?.[0] ?? ''
  const { said } = await type(`${forward} >/dev/null &
until ${curl} 2>/dev/null; do sleep 0.5; done
kill %1`)
  const { processed_message, signature, key_id } = JSON.parse(said)
  const read = `${kubeconfig} kubectl get secret hmac-key -n signing -o 'jsonpath={.data.${key_id}}'`
  const key = Buffer.from((await type(read)).said, 'base64')
  expect(signature).toBe(createHmac('sha256', key).update(processed_message).digest('hex'))
})

test('make smoke compares a signature with OpenSSL', async () => {
  const { code, said } = await type('make smoke CLUSTER=kind')
  expect(code, said).toBe(0)
  expect(said).toContain("equal to OpenSSL's HMAC")
})

test('make matrix holds in every cell', { timeout: MATRIX_MS }, async () => {
  const { code, said } = await type('make matrix CLUSTER=kind')
  expect(code, said).toBe(0)
  expect(said).toContain('73 of 73 as declared')
})

test('make up keeps the cluster and the deployment', { timeout: UP_MS }, async () => {
  const { code, said } = await type('make up CLUSTER=kind')
  expect(code, said).toBe(0)
  expect(said).toContain('the cluster exists')
  expect(said).toMatch(/^unchanged$/m)
})

test('the printed command deletes the cluster', { timeout: 120_000 }, async () => {
  const remove = /^To delete the cluster with its key: (.*)$/m.exec(printed)?.[1] ?? ''
  expect((await type(remove)).code).toBe(0)
  expect((await type('docker ps --all --quiet')).said).toBe('')
})

test('without a mesh, make up and make smoke work, too', { timeout: UP_MS }, async () => {
  const { code, said } = await type('make up CLUSTER=kind OVERLAY=no-mesh')
  expect(code, said).toBe(0)
  const smoke = await type('make smoke CLUSTER=kind OVERLAY=no-mesh')
  expect(smoke.said).toContain("equal to OpenSSL's HMAC")
  const list = `${kubeconfig} kubectl get namespaces --output name`
  expect((await type(list)).said).not.toContain('istio')
})
