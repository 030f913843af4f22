// The frontend's client of the signer before a signer that a test plays. The request id of a message is its text.
import { setImmediate } from 'node:timers/promises'
import { expect, onTestFinished, vi } from 'vitest'
import { MAX_CALLS } from '../../../client/collector.ts'
import { createSignerClient } from '../../../frontend/signer-client.ts'
import { type FakeCall, signatureOf, startFakeSigner } from './fake-signer.ts'

/** Returns different messages. */
export const range = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `m-${from + index}`)

export const signed = (messages: readonly string[]) =>
  messages.map((each) => ({ status: 'fulfilled', value: signatureOf(each) }))
export const failed = (code: string, message: unknown = expect.any(String)) => ({
  status: 'rejected',
  reason: expect.objectContaining({ code, message }),
})

/** Waits without a timer, because a test may have replaced them. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await setImmediate()
}

/** Starts both. `listen` answers each call. */
export async function startCollector(
  listen: (call: FakeCall, index: number) => void = (call) => call.sign(),
  timeoutMs = 5_000,
) {
  const signer = await startFakeSigner((call) => listen(call, signer.calls.length - 1))
  const credentials = { callerToken: undefined, pairing: undefined }
  const client = createSignerClient({ target: signer.target, timeoutMs, ...credentials })
  const ask = (message: string, id = message) => client(message, id)
  const askAll = (messages: string[]) => Promise.allSettled(messages.map((each) => ask(each)))
  return { signer, client, ask, askAll }
}

/** Stops the client's timers until the end of the test. Those of connections are others. */
export function stopTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
}

/**
 * Starts both, and sends so many messages that the next one waits. The signer keeps their calls until `release`.
 * `listen` answers all later calls. Timers are stopped.
 */
export async function startOccupied(
  listen: (call: FakeCall) => void = (call) => call.sign(),
  timeoutMs?: number,
) {
  stopTimers()
  const held: FakeCall[] = []
  const started = await startCollector((call, index) => {
    if (index < MAX_CALLS) held.push(call)
    else listen(call)
  }, timeoutMs)
  const first = started.askAll(range(MAX_CALLS, 1_000_000))
  await until(() => held.length === MAX_CALLS)
  const release = () => {
    for (const call of held) call.sign()
  }
  /** The calls after the first ones. */
  const others = () => started.signer.calls.slice(MAX_CALLS)
  const sizes = () => others().map(({ messages }) => messages.length)
  return { ...started, held, first, release, others, sizes }
}
